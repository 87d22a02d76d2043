#include "base/list.h"

void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static void insert_between(struct list *link, struct list *prev, struct list *next)
{
    link->prev = prev;
    link->next = next;
    prev->next = link;
    next->prev = link;
}

void list_push_back(struct list *head, struct list *link)
{
    insert_between(link, head->prev, head);
}

void list_push_front(struct list *head, struct list *link)
{
    insert_between(link, head, head->next);
}

void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

bool list_empty(const struct list *head)
{
    return head->next == head;
}

struct list *list_pop_front(struct list *head)
{
    if (list_empty(head)) return NULL;
    struct list *link = head->next;
    list_remove(link);
    return link;
}

size_t list_count(const struct list *head)
{
    size_t n = 0;
    list_each (link, head)
        n++;
    return n;
}
