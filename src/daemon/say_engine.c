#include "daemon/say_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/list.h"
#include "os/spawn.h"

enum { WORDS_MAX = 64 };

struct say_engine {
    struct loop *loop;
    struct loop_signal *child_ended;
    struct list runs;
    char *words[WORDS_MAX]; /* owned; of the command, before anything is replaced */
    size_t word_count;
    bool uses_file, uses_text_file;
    uint32_t timeout_ms;
};

struct say_run {
    struct list link;
    struct say_engine *engine;
    struct loop_timer *timer;
    pid_t pid;
    bool timed_out;
    char *file, *text_file; /* owned; the latter NULL where there is none */
    say_run_fn *done;       /* NULL: nobody wants to know */
    void *arg;
};

/* The command. */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Reads one word; quotes may begin anywhere in it. @return where it ends; NULL where a quote is open */
static const char *read_word(const char *at, struct buffer *word)
{
    bool quoted = false;
    for (; *at && (quoted || !is_blank(*at)); at++) {
        if (*at == '"')
            quoted = !quoted;
        else
            buffer_append(word, at, 1);
    }
    return quoted ? NULL : at;
}

static status cut_words(struct say_engine *e, const char *command, char why[SAY_ENGINE_WHY_SIZE])
{
    for (const char *at = command;;) {
        struct buffer word;
        while (is_blank(*at))
            at++;
        if (!*at) break;
        buffer_init(&word);
        buffer_append_text(&word, "");
        at = e->word_count < WORDS_MAX ? read_word(at, &word) : NULL;
        if (!at) {
            buffer_clear(&word);
            snprintf(why, SAY_ENGINE_WHY_SIZE, "say_command has an open quote, or more than %d words", WORDS_MAX);
            return STATUS_INVALID;
        }
        char *text = buffer_take(&word);
        if (!text) return STATUS_NO_MEMORY;
        e->words[e->word_count++] = text;
        e->uses_file = e->uses_file || strstr(text, "{file}");
        e->uses_text_file = e->uses_text_file || strstr(text, "{text_file}");
    }
    if (e->word_count > 0) return STATUS_OK;
    snprintf(why, SAY_ENGINE_WHY_SIZE, "say_command is empty");
    return STATUS_INVALID;
}

/* One pass: what was put in is not looked at again. A brace that begins none of the names stays. */
static char *expand(const char *word, const struct say_job *job, const char *text_file)
{
    const struct {
        const char *name, *value;
    } names[] = {{"{voice}", job->voice},
                 {"{language}", job->language},
                 {"{engine}", job->engine},
                 {"{file}", job->file},
                 {"{text_file}", text_file}};
    struct buffer out;
    buffer_init(&out);
    buffer_append_text(&out, "");
    while (*word) {
        size_t i = 0, count = sizeof names / sizeof names[0];
        while (i < count && strncmp(word, names[i].name, strlen(names[i].name)) != 0)
            i++;
        if (i < count)
            buffer_append_text(&out, names[i].value);
        else
            buffer_append(&out, word, 1);
        word += i < count ? strlen(names[i].name) : 1;
    }
    return buffer_take(&out);
}

static void free_words(char **words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(words[i]);
}

/* The end of a run. */

static void run_free(struct say_run *run)
{
    list_remove(&run->link);
    loop_timer_destroy(run->timer);
    if (run->text_file) unlink(run->text_file);
    free(run->text_file);
    free(run->file);
    free(run);
}

static void kill_all(const struct say_run *run)
{
    kill(-run->pid, SIGKILL); /* it leads a session of its own: its children are meant too */
}

/* @return false where all is well */
static bool explain(const struct say_run *run, int wait_status, char why[SAY_ENGINE_WHY_SIZE])
{
    struct stat s;
    const char *name = run->engine->words[0];
    if (run->timed_out)
        snprintf(why, SAY_ENGINE_WHY_SIZE, "the speech engine %.100s took more than %u ms", name,
                 run->engine->timeout_ms);
    else if (WIFSIGNALED(wait_status))
        snprintf(why, SAY_ENGINE_WHY_SIZE, "the speech engine %.100s was ended by signal %d", name,
                 WTERMSIG(wait_status));
    else if (WEXITSTATUS(wait_status) != 0)
        snprintf(why, SAY_ENGINE_WHY_SIZE, "the speech engine %.100s ended with exit status %d", name,
                 WEXITSTATUS(wait_status));
    else if (stat(run->file, &s) != 0 || s.st_size == 0)
        snprintf(why, SAY_ENGINE_WHY_SIZE, "the speech engine %.100s wrote no audio", name);
    else
        return false;
    return true;
}

static void on_ended(struct say_run *run, int wait_status)
{
    char why[SAY_ENGINE_WHY_SIZE];
    bool failed = explain(run, wait_status, why);
    say_run_fn *done = run->done;
    void *arg = run->arg;
    if (failed || !done) unlink(run->file);
    run_free(run);
    if (done) done(arg, failed ? why : NULL);
}

/* The first run that has ended; its number stays taken, so that its children can still be killed by it. */
static struct say_run *find_ended(const struct say_engine *e)
{
    list_each (link, &e->runs) {
        struct say_run *run = list_object(link, struct say_run, link);
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == run->pid)
            return run;
    }
    return NULL;
}

static void on_child_ended(void *arg)
{
    struct say_engine *e = arg;
    struct say_run *run;
    while ((run = find_ended(e))) {
        int wait_status = 0;
        kill_all(run);
        waitpid(run->pid, &wait_status, 0);
        on_ended(run, wait_status);
    }
}

static void on_timeout(void *arg)
{
    struct say_run *run = arg;
    run->timed_out = true;
    kill_all(run);
}

void say_run_kill(struct say_run *run)
{
    run->done = NULL;
    kill_all(run);
}

/* Starting one. */

static bool write_all(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

/* What the engine reads: its own file, or standard input (in memory, so that nobody waits for a pipe). */
static bool give_text(struct say_run *run, const char *text, int *stdin_fd)
{
    int fd = run->text_file ? open(run->text_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
                            : memfd_create("text", MFD_CLOEXEC);
    if (fd < 0) return false;
    bool ok = write_all(fd, text) && (run->text_file || lseek(fd, 0, SEEK_SET) == 0);
    if (run->text_file || !ok)
        close(fd);
    else
        *stdin_fd = fd;
    return ok;
}

static status start_process(struct say_run *run, const struct say_job *job, int stdin_fd, int stdout_fd)
{
    const struct say_engine *e = run->engine;
    char *argv[WORDS_MAX + 1] = {NULL};
    status s = STATUS_OK;
    for (size_t i = 0; i < e->word_count && s == STATUS_OK; i++) {
        argv[i] = expand(e->words[i], job, run->text_file ? run->text_file : "");
        if (!argv[i]) s = STATUS_NO_MEMORY;
    }
    if (s == STATUS_OK) s = spawn_process(&run->pid, argv, stdin_fd, stdout_fd);
    free_words(argv, e->word_count);
    return s;
}

static status start(struct say_run *run, const struct say_job *job)
{
    int stdin_fd = -1, stdout_fd = -1;
    status s = STATUS_IO;
    if (!run->engine->uses_file) stdout_fd = open(job->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (give_text(run, job->text, &stdin_fd) && (run->engine->uses_file || stdout_fd >= 0))
        s = start_process(run, job, stdin_fd, stdout_fd);
    if (stdin_fd >= 0) close(stdin_fd);
    if (stdout_fd >= 0) close(stdout_fd);
    return s;
}

static struct say_run *run_create(struct say_engine *e, const struct say_job *job)
{
    struct say_run *run = calloc(1, sizeof *run);
    if (!run) return NULL;
    list_init(&run->link);
    run->engine = e;
    run->file = strdup(job->file);
    bool ok = run->file && loop_timer_create(&run->timer, e->loop, on_timeout, run) == STATUS_OK;
    if (ok && e->uses_text_file) ok = asprintf(&run->text_file, "%s.txt", job->file) >= 0;
    if (ok) return run;
    run->text_file = NULL; /* asprintf() leaves it undefined */
    run_free(run);
    return NULL;
}

status say_engine_start(struct say_engine *e, const struct say_job *job, say_run_fn *done, void *arg,
                        struct say_run **out, char why[SAY_ENGINE_WHY_SIZE])
{
    struct say_run *run = run_create(e, job);
    status s = run ? start(run, job) : STATUS_NO_MEMORY;
    if (s != STATUS_OK) {
        if (s == STATUS_NOT_FOUND)
            snprintf(why, SAY_ENGINE_WHY_SIZE, "there is no program %.100s, which say_command names", e->words[0]);
        else
            snprintf(why, SAY_ENGINE_WHY_SIZE, "the speech engine %.100s cannot be started: %s", e->words[0],
                     status_name(s));
        if (run) {
            unlink(run->file);
            run_free(run);
        }
        return s;
    }
    run->done = done;
    run->arg = arg;
    list_push_back(&e->runs, &run->link);
    loop_timer_set(run->timer, (int64_t)e->timeout_ms * 1000);
    *out = run;
    return STATUS_OK;
}

status say_engine_create(struct say_engine **out, struct loop *loop, const char *command, uint32_t timeout_ms,
                         char why[SAY_ENGINE_WHY_SIZE])
{
    struct say_engine *e = calloc(1, sizeof *e);
    if (!e) return STATUS_NO_MEMORY;
    e->loop = loop;
    e->timeout_ms = timeout_ms;
    list_init(&e->runs);
    status s = cut_words(e, command, why);
    if (s == STATUS_OK) s = loop_signal_create(&e->child_ended, loop, SIGCHLD, on_child_ended, e);
    if (s != STATUS_OK) {
        say_engine_destroy(e);
        return s;
    }
    *out = e;
    return STATUS_OK;
}

void say_engine_destroy(struct say_engine *e)
{
    if (!e) return;
    list_each_safe (link, &e->runs) {
        struct say_run *run = list_object(link, struct say_run, link);
        kill_all(run);
        waitpid(run->pid, NULL, 0);
        unlink(run->file);
        run_free(run);
    }
    loop_signal_destroy(e->child_ended);
    free_words(e->words, e->word_count);
    free(e);
}
