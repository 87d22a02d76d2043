#include "rest/rest_openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "rest/rest_routes.h"
#include "rest/rest_schema.h"

static json_t *reference(const char *schema)
{
    return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", schema));
}

static json_t *content(const char *media, json_t *schema)
{
    return json_pack("{s:{s:o}}", media, "schema", schema);
}

static void add_parameter(json_t *list, const char *name, size_t len, const char *in, bool required, json_t *schema,
                          const char *about)
{
    json_t *parameter = json_pack("{s:o, s:s, s:b, s:o}", "name", json_stringn(name, len), "in", in, "required",
                                  (int)required, "schema", schema);
    if (about) json_object_set_new(parameter, "description", json_string(about));
    json_array_append_new(list, parameter);
}

static void add_path_parameters(json_t *list, const char *path)
{
    for (const char *open = strchr(path, '{'); open; open = strchr(open + 1, '{')) {
        size_t len = strcspn(open + 1, "}");
        add_parameter(list, open + 1, len, "path", true, rest_schema_type("string"), NULL);
    }
}

static void add_query_parameter(json_t *list, const char *name, size_t len)
{
    const struct rest_member *parameter = rest_query_parameter(name, len);
    if (parameter) add_parameter(list, name, len, "query", false, rest_schema_type(parameter->type), parameter->about);
}

static void add_query_parameters(json_t *list, const struct rest_route *route)
{
    struct slice rest = slice_of(route->query);
    while (rest.len > 0) {
        struct slice name = slice_cut(&rest, ' ');
        add_query_parameter(list, name.at, name.len);
    }
    if (!route->collection) return;
    add_query_parameter(list, "pageSize", strlen("pageSize"));
    add_query_parameter(list, "cursor", strlen("cursor"));
}

static json_t *header_schema(void)
{
    return json_pack("{s:s}", "type", "string");
}

static void add_headers(json_t *list, const struct rest_route *route)
{
    static const char match[] = "If-Match", key[] = "Idempotency-Key";
    if (route->matched)
        add_parameter(list, match, strlen(match), "header", false, header_schema(),
                      "A revision in quotes; 412 where the resource has another one");
    if (route->method == HTTP_POST && !route->reads)
        add_parameter(list, key, strlen(key), "header", false, header_schema(),
                      "A repetition with the same key gets the first answer, for 24 hours");
}

static json_t *page_schema(const struct rest_route *route)
{
    static const char *const numbers[] = {"total", "start", "end", "page", "numPages", "pageSize"};
    json_t *properties = json_object();
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        json_object_set_new(properties, numbers[i], rest_schema_type("integer"));
    json_object_set_new(properties, "nextPageUri", rest_schema_type("uri?"));
    json_object_set_new(properties, route->collection,
                        json_pack("{s:s, s:o}", "type", "array", "items", reference(route->answer)));
    return json_pack("{s:s, s:o}", "type", "object", "properties", properties);
}

/* Each type of content that a route may answer with. */
static json_t *media_content(const char *media)
{
    json_t *out = json_object();
    for (struct slice rest = slice_of(media); rest.len > 0;) {
        struct slice one = slice_cut(&rest, ' ');
        bool json = slice_is(one, "application/json"), text = slice_is(one, "text/plain");
        json_t *schema = rest_schema_type(json ? "object" : "string");
        if (!json && !text) json_object_set_new(schema, "format", json_string("binary"));
        json_object_setn_new(out, one.at, one.len, json_pack("{s:o}", "schema", schema));
    }
    return out;
}

static json_t *success(const struct rest_route *route)
{
    json_t *response = json_pack("{s:s}", "description", route->http == 204 ? "Done" : "As asked for");
    if (route->media)
        json_object_set_new(response, "content", media_content(route->media));
    else if (route->collection)
        json_object_set_new(response, "content", content("application/json", page_schema(route)));
    else if (route->answer)
        json_object_set_new(response, "content", content("application/json", reference(route->answer)));
    return response;
}

static json_t *responses(const struct rest_route *route)
{
    char http[8];
    snprintf(http, sizeof http, "%d", route->http);
    json_t *out = json_object();
    json_object_set_new(out, http, success(route));
    json_object_set_new(
        out, "default",
        json_pack("{s:s, s:o}", "description", "An error", "content", content("application/json", reference("Error"))));
    return out;
}

static json_t *operation(const struct rest_route *route)
{
    json_t *parameters = json_array();
    add_path_parameters(parameters, route->path);
    add_query_parameters(parameters, route);
    add_headers(parameters, route);
    json_t *out = json_pack("{s:s, s:o, s:o}", "summary", route->summary, "parameters", parameters, "responses",
                            responses(route));
    if (route->request)
        json_object_set_new(out, "requestBody",
                            json_pack("{s:o}", "content", content("application/json", reference(route->request))));
    if (route->guard == REST_OPEN) json_object_set_new(out, "security", json_array());
    return out;
}

static void add_route(json_t *paths, const struct rest_route *route)
{
    char method[8] = "";
    const char *name = http_method_name(route->method);
    for (size_t i = 0; name[i] && i + 1 < sizeof method; i++)
        method[i] = (char)tolower((unsigned char)name[i]);
    json_t *path = json_object_get(paths, route->path);
    if (!path) {
        path = json_object();
        json_object_set_new(paths, route->path, path);
    }
    json_object_set_new(path, method, operation(route));
}

static json_t *schema(const struct rest_schema *from)
{
    json_t *properties = json_object(), *required = json_array();
    for (size_t i = 0; i < from->count; i++) {
        const struct rest_member *member = &from->members[i];
        json_t *type = rest_schema_type(member->type);
        if (member->about && !json_object_get(type, "$ref"))
            json_object_set_new(type, "description", json_string(member->about));
        json_object_set_new(properties, member->name, type);
        if (member->type[0] == '!') json_array_append_new(required, json_string(member->name));
    }
    json_t *out = json_pack("{s:s, s:o}", "type", "object", "properties", properties);
    if (json_array_size(required) > 0) json_object_set(out, "required", required);
    json_decref(required);
    return out;
}

json_t *rest_openapi_document(void)
{
    size_t count;
    const struct rest_route *routes = rest_routes(&count);
    json_t *paths = json_object(), *schemas = json_object();
    for (size_t i = 0; i < count; i++)
        add_route(paths, &routes[i]);
    const struct rest_schema *all = rest_schemas(&count);
    for (size_t i = 0; i < count; i++)
        json_object_set_new(schemas, all[i].name, schema(&all[i]));
    return json_pack("{s:s, s:{s:s, s:s}, s:[{s:[]}], s:o, s:{s:o, s:{s:{s:s, s:s}}}}", "openapi", "3.0.3", "info",
                     "title", "Parley", "version", PARLEY_VERSION, "security", "basic", "paths", paths, "components",
                     "schemas", schemas, "securitySchemes", "basic", "type", "http", "scheme", "basic");
}
