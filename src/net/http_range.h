/**
 * @file http_range.h  The Range header: which bytes of a file a client asks for (RFC 9110 section 14.1.2).
 *
 * Thread: any; pure.
 */
#ifndef PARLEY_NET_HTTP_RANGE_H
#define PARLEY_NET_HTTP_RANGE_H

#include <stdint.h>

enum http_range_kind {
    HTTP_RANGE_WHOLE,   /**< no range, several, or one that is not understood: the whole file with 200 */
    HTTP_RANGE_PART,    /**< 206 */
    HTTP_RANGE_OUTSIDE, /**< 416 */
};

/**
 * @param header     NULL where there is none
 * @param size       bytes of the file
 * @param[out] first, len  the part; the whole file for HTTP_RANGE_WHOLE; untouched for HTTP_RANGE_OUTSIDE
 */
enum http_range_kind http_range_parse(const char *header, uint64_t size, uint64_t *first, uint64_t *len);

#endif
