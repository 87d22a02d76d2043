/**
 * @file rest_openapi.h  An OpenAPI 3 document of exactly what is served, made from the route table and the schemas.
 *
 * Thread: any; pure.
 */
#ifndef PARLEY_REST_REST_OPENAPI_H
#define PARLEY_REST_REST_OPENAPI_H

#include <jansson.h>

/** A new reference; NULL where memory is short. */
json_t *rest_openapi_document(void);

#endif
