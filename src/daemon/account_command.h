/**
 * @file account_command.h  `parleyd account ...`: accounts and their signing secrets, changed on the database itself
 * while no bridge runs on it.
 *
 * Thread: control; nothing else runs.
 */
#ifndef PARLEY_DAEMON_ACCOUNT_COMMAND_H
#define PARLEY_DAEMON_ACCOUNT_COMMAND_H

/**
 * Does what the words behind `account` say, and prints what came of it.
 *
 * @param argc, argv  from the word `account` on
 * @return the process's exit status: 0; 1 (it could not be done, said on standard error); 2 (wrong words)
 */
int account_command(int argc, char **argv);

#endif
