#include "daemon/shipped.h"

/* The assembler puts the files in as they are: no generated source, no path to find at run time. */
#define SHIP(name, file)                                                                                               \
    __asm__(".section .rodata\n"                                                                                       \
            ".balign 16\n"                                                                                             \
            "ship_" #name ":\n"                                                                                        \
            ".incbin \"" PARLEY_AUDIO_DIR "/" file "\"\n"                                                              \
            "ship_" #name "_end:\n"                                                                                    \
            ".previous\n");                                                                                            \
    extern const char ship_##name[], ship_##name##_end[];                                                              \
    struct slice shipped_##name(void)                                                                                  \
    {                                                                                                                  \
        return (struct slice){ship_##name, (size_t)(ship_##name##_end - ship_##name)};                                 \
    }

SHIP(wait, "wait.wav")
SHIP(beep_enter, "beep_enter.wav")
SHIP(beep_exit, "beep_exit.wav")
