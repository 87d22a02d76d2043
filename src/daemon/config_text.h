/**
 * @file config_text.h  Makes a configuration file's text safe for libconfuse, or says where it is broken.
 *
 * libconfuse 3.3 stops at a comment within a list, miscounts lines behind comments, takes the end of the file for the
 * end of a section, drops characters that it does not know, and keeps its lexer's state from a text with an open
 * quotation mark for the next text. So comments are blanked here, and such texts refused.
 *
 * Thread: any; pure.
 */
#ifndef PARLEY_DAEMON_CONFIG_TEXT_H
#define PARLEY_DAEMON_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/** What is wrong, and in which line (from 1). */
struct config_text_fault {
    unsigned line;
    const char *what;
};

/**
 * Overwrites comments with blanks; line ends stay where they are.
 *
 * @param text  len bytes
 * @return false, and a fault, where the text holds control characters, an open quotation mark, comment or brace, a
 *         closing brace too many, or one of ${ * + | where it would not mean what it says
 */
bool config_text_prepare(char *text, size_t len, struct config_text_fault *fault);

#endif
