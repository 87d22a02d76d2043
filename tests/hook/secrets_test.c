#include "store/store_kit.h"

#include <stdio.h>
#include <string.h>

#include "hook/secrets.h"

static char dir[KIT_PATH_SIZE];
static struct store *store;
static struct secrets *secrets;
static status outcome;

static int set_up(void **state)
{
    (void)state;
    kit_dir_make(dir);
    store = kit_open(dir, NULL);
    outcome = STATUS_AGAIN;
    assert_int_equal(secrets_create(&secrets, store), STATUS_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    secrets_destroy(secrets);
    store_close(store);
    kit_dir_remove(dir);
    return 0;
}

static void put(uint32_t account, uint32_t number, const char *text)
{
    struct store_secret row = {.secret = text, .created_unix_ms = 1000 + number};
    kit_id(row.account, "AC", account);
    kit_id(row.id, "SS", number);
    struct store_tx *tx = kit_begin(store);
    store_put_secret(tx, &row);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
}

static void delete (uint32_t number)
{
    id_text id;
    kit_id(id, "SS", number);
    struct store_tx *tx = kit_begin(store);
    store_delete_secret(tx, id);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
}

static void on_read(void *arg, status s)
{
    *(status *)arg = s;
}

static void load(void)
{
    assert_int_equal(secrets_load(secrets, on_read, &outcome), STATUS_OK);
    kit_drain(store);
    assert_int_equal(outcome, STATUS_OK);
}

static void refresh(uint32_t account)
{
    id_text id;
    kit_id(id, "AC", account);
    outcome = STATUS_AGAIN;
    assert_int_equal(secrets_refresh(secrets, id, on_read, &outcome), STATUS_OK);
    kit_drain(store);
    assert_int_equal(outcome, STATUS_OK);
}

/* @return the account's secrets, the oldest first, with a blank after each */
static const char *keys_of(uint32_t account)
{
    static char text[64];
    struct hook_secrets out;
    id_text id;
    kit_id(id, "AC", account);
    secrets_of(secrets, id, &out);
    text[0] = '\0';
    for (size_t i = 0; i < out.count; i++) {
        strcat(text, out.secret[i]);
        strcat(text, " ");
    }
    return text;
}

static void each_account_has_its_own_secrets(void **state)
{
    (void)state;
    put(1, 11, "one");
    put(1, 12, "two");
    put(2, 21, "three");
    assert_string_equal(keys_of(1), "");
    load();
    assert_string_equal(keys_of(1), "one two ");
    assert_string_equal(keys_of(2), "three ");
    assert_string_equal(keys_of(3), "");
    load();
    assert_string_equal(keys_of(1), "one two ");
}

static void a_change_is_seen_after_a_refresh_of_its_account(void **state)
{
    (void)state;
    put(1, 11, "old");
    put(2, 21, "other");
    load();
    put(1, 12, "new");
    refresh(1);
    assert_string_equal(keys_of(1), "old new ");
    delete (11);
    refresh(1);
    assert_string_equal(keys_of(1), "new ");
    delete (12);
    refresh(1);
    assert_string_equal(keys_of(1), "");
    assert_string_equal(keys_of(2), "other ");
}

static void they_may_go_while_the_store_reads(void **state)
{
    (void)state;
    put(1, 11, "one");
    assert_int_equal(secrets_load(secrets, on_read, &outcome), STATUS_OK);
    secrets_destroy(secrets);
    secrets = NULL;
    kit_drain(store);
    assert_int_equal(outcome, STATUS_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_account_has_its_own_secrets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_is_seen_after_a_refresh_of_its_account, set_up, tear_down),
        cmocka_unit_test_setup_teardown(they_may_go_while_the_store_reads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
