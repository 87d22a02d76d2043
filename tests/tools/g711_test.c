/* The caller's own G.711 against the tables of the Recommendation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "load/g711.h"

static void every_code_survives_decoding_and_encoding(void **state)
{
    (void)state;
    for (int code = 0; code < 256; code++) {
        assert_int_equal(g711_encode(G711_A, g711_decode(G711_A, (uint8_t)code)), code);
        /* 0x7f is minus zero, which comes back as plus zero. */
        if (code != 0x7f) assert_int_equal(g711_encode(G711_MU, g711_decode(G711_MU, (uint8_t)code)), code);
    }
}

static void decoding_follows_the_recommendation(void **state)
{
    (void)state;
    static const struct {
        enum g711_law law;
        uint8_t code;
        int16_t sample;
    } rows[] = {
        {G711_MU, 0xff, 0}, {G711_MU, 0xfe, 8}, {G711_MU, 0x80, 32124}, {G711_MU, 0x00, -32124}, {G711_MU, 0xef, 132},
        {G711_A, 0xd5, 8},  {G711_A, 0x55, -8}, {G711_A, 0xaa, 32256},  {G711_A, 0x2a, -32256},  {G711_A, 0xd4, 24},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(g711_decode(rows[i].law, rows[i].code), rows[i].sample);
}

static void encoding_takes_the_nearest_code(void **state)
{
    (void)state;
    for (int law = G711_MU; law <= G711_A; law++) {
        for (int sample = -32768; sample <= 32767; sample += 7) {
            int got = g711_decode((enum g711_law)law, g711_encode((enum g711_law)law, (int16_t)sample));
            int magnitude = sample < 0 ? -sample : sample, error = got > sample ? got - sample : sample - got;
            assert_true(error <= 16 + magnitude / 31);
        }
    }
}

static void silence_is_the_code_of_zero(void **state)
{
    (void)state;
    assert_int_equal(g711_silence(G711_MU), g711_encode(G711_MU, 0));
    assert_int_equal(g711_silence(G711_A), g711_encode(G711_A, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_survives_decoding_and_encoding),
        cmocka_unit_test(decoding_follows_the_recommendation),
        cmocka_unit_test(encoding_takes_the_nearest_code),
        cmocka_unit_test(silence_is_the_code_of_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
