/**
 * @file list.h  A doubly linked list whose links live inside the objects: no allocation, O(1) removal.
 *
 * Thread: the list's owner.
 */
#ifndef PARLEY_BASE_LIST_H
#define PARLEY_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/** A link in an object, and the head of a list. A head or an unlinked link points at itself. */
struct list {
    struct list *next, *prev;
};

/** The object of this type whose member of this name is the link. */
#define list_object(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/** Walks a list; the body must not unlink the current link. */
#define list_each(link, head) for (struct list *link = (head)->next; link != (head); link = link->next)

/** Walks a list; the body may unlink (and free) the current link, and no other. */
#define list_each_safe(link, head)                                                                                     \
    for (struct list *link = (head)->next, *link##_next = link->next; link != (head);                                  \
         link = link##_next, link##_next = link->next)

void list_init(struct list *l);
void list_push_back(struct list *head, struct list *link);
void list_push_front(struct list *head, struct list *link);

/** Unlinks, and leaves the link as list_init() does; harmless on an unlinked link. */
void list_remove(struct list *link);

bool list_empty(const struct list *head);

/** Takes the first link off the list; NULL where the list is empty. */
struct list *list_pop_front(struct list *head);

size_t list_count(const struct list *head);

#endif
