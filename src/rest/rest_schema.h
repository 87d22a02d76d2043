/**
 * @file rest_schema.h  The JSON objects and query parameters of the API, as tables: what /openapi.json is made of.
 *
 * A test holds the members of each view against the schema of its name. Thread: any; pure.
 */
#ifndef PARLEY_REST_REST_SCHEMA_H
#define PARLEY_REST_REST_SCHEMA_H

#include <jansson.h>
#include <stddef.h>

/**
 * A member of an object, or a parameter. Types: string, integer, number, boolean, object, time (RFC 1123), isoTime, uri
 * (a path below /apiserver), url, day (2026-11-23), second (2026-11-23 14:05:00); "id:CF"; "words:a|b"; "ref:Schema";
 * "list:" before a type. A trailing ? means that it may be null; a leading ! that it must be given.
 */
struct rest_member {
    const char *name, *type;
    const char *about; /**< NULL where the name says it */
};

struct rest_schema {
    const char *name;
    const struct rest_member *members;
    size_t count;
};

/** All schemas; *count of them. */
const struct rest_schema *rest_schemas(size_t *count);

/** NULL where there is none of this name. */
const struct rest_schema *rest_schema_find(const char *name);

/** The query parameter of this name; NULL where there is none. */
const struct rest_member *rest_query_parameter(const char *name, size_t len);

/** A type of the above as JSON Schema (OpenAPI 3.0): a new reference, NULL where memory is short. */
json_t *rest_schema_type(const char *type);

#endif
