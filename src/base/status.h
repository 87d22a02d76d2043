/**
 * @file status.h  The outcome of an operation, one enum for the whole program.
 *
 * A function that can fail returns a status, hands its result out by pointer, and leaves that pointer untouched
 * on error. Only what comes from outside (network, person, disk, kernel) makes a status; a broken promise of our
 * own code is an assert. SIP codes, HTTP bodies and errno are translated at the edges, in one table each.
 *
 * Thread: any.
 */
#ifndef PARLEY_BASE_STATUS_H
#define PARLEY_BASE_STATUS_H

#define MUST_CHECK __attribute__((warn_unused_result))

typedef enum status {
    STATUS_OK = 0,
    STATUS_INVALID,     /**< malformed or out of range; where, is said by a struct fault */
    STATUS_NO_MEMORY,   /**< the heap, a pool or a table of fixed size is used up */
    STATUS_FULL,        /**< a configured limit is reached */
    STATUS_AGAIN,       /**< nothing there now; try again later */
    STATUS_NOT_FOUND,   /**< no such object */
    STATUS_EXISTS,      /**< there is one already */
    STATUS_CONFLICT,    /**< not possible in the object's present state */
    STATUS_REFUSED,     /**< forbidden by configuration or privilege */
    STATUS_UNSUPPORTED, /**< well-formed, and not something we do */
    STATUS_TIMEOUT,     /**< the time for it is over */
    STATUS_CLOSED,      /**< the other side has gone */
    STATUS_IO,          /**< the kernel, a disk or a database refused; logged where it happened */
} status;

/** A short lower-case word for logs and messages, "ok" or "not_found"; never NULL. */
const char *status_name(status s);

/** Where and why a parser gave up. */
struct fault {
    unsigned long at; /**< offset in bytes from the start of the input */
    const char *what; /**< a static English sentence without a full stop, naming what is allowed where that helps */
};

#endif
