#!/bin/bash
# Builds and runs the bridge; `./run.sh --help` explains.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
parleyd=$root/build/parleyd
. "$root/cmake/packages.sh"

usage() {
    cat <<'TEXT'
./run.sh [FLAG]...             install what is missing, build, start the bridge in the foreground
./run.sh demo [--break STEP]   show the main job on real calls in under a minute; exit status 0 if every step was
                               verified. --break spoils a step, which must then be found out
./run.sh --help                this text

FLAGs go to the bridge (build/parleyd --help lists them). Without any it keeps its data in ./data, takes SIP calls on
port 5060 of all addresses, and API requests on 127.0.0.1:8080. Ctrl-C or SIGTERM ends it in good order. Should the
bridge die otherwise, it is started again. Messages of this script go to stderr, the bridge's "ready" line to stdout.
TEXT
}

say() { echo "run.sh: $*" >&2; }

# Only targets that exist in this tree; progress without the lines that say that nothing was to be done.
build() {
    # shellcheck disable=SC2086
    packages_install $packages_build $packages_run || exit 1
    if [ ! -f "$root/build/Makefile" ]; then
        say "configuring $root/build"
        # Another compiler may warn of what ours does not: no reason not to run.
        mkdir -p "$root/build"
        cmake -S "$root" -B "$root/build" -G "Unix Makefiles" -DWERROR=OFF >"$root/build/configure.log" 2>&1 ||
            { cat "$root/build/configure.log" >&2; exit 1; }
    fi
    local known target targets=()
    known=$(cmake --build "$root/build" --target help)
    for target in "$@"; do
        grep -q "^\.\.\. $target\$" <<<"$known" && targets+=("$target")
    done
    cmake --build "$root/build" -j "$(nproc)" --target "${targets[@]}" 2>&1 |
        grep --line-buffered -vE 'Built target|Consolidate|Scanning|make\[|^make: ' >&2
    [ "${PIPESTATUS[0]}" -eq 0 ] || { say "the build failed"; exit 1; }
}

# The data directory that these flags, or the file that they name, give.
data_directory() {
    local data='' config='' i
    for ((i = 1; i <= $#; i++)); do
        case ${!i} in
        --data=*) data=${!i#*=} ;;
        --config=*) config=${!i#*=} ;;
        --data) ((i++)); data=${!i-} ;;
        --config) ((i++)); config=${!i-} ;;
        esac
    done
    [ -n "$data" ] || [ ! -f "$config" ] ||
        data=$(sed -nE "s/^[[:space:]]*data[[:space:]]*=[[:space:]]*[\"']?([^\"'#[:space:]]*).*/\1/p" "$config" | tail -1)
    echo "${data:-./data}"
}

gives_account() {
    local flag
    [ -z "${PARLEY_ACCOUNT-}" ] || return 0
    for flag in "$@"; do
        [[ $flag == --account || $flag == --account=* || $flag == --account-file* ]] && return 0
    done
    return 1
}

# What to do next, from the fields of the ready line.
show_hints() {
    local field http='' https='' sip='' account='' host key api option=''
    for field in $1; do
        case $field in
        http=*) http=${field#*=} ;;
        https=*) https=${field#*=} ;;
        sip=*) [ -n "$sip" ] || sip=${field#*=} ;;
        account=*) account=${field#*=} ;;
        esac
    done
    host=$(hostname -I 2>/dev/null | awk '{ print $1 }')
    case ${host:-127.0.0.1} in *:*) host="[$host]" ;; esac
    sip=${sip/0.0.0.0/${host:-127.0.0.1}}
    sip=${sip/'[::]'/${host:-127.0.0.1}}
    sip=${sip%:5060}
    api=${http:-$https}
    [ -n "$http" ] || option='-k '
    key="\$(cat $data/first-account)"
    $own_account && key="$account:KEY"
    echo
    if [ -n "$api" ]; then
        echo "API       $api${https:+${http:+ and $https}}"
        $own_account && echo "Account   $account, with the key that you gave" ||
            echo "Account   $account; its key is in $data/first-account (ID:KEY)"
    fi
    if [ -n "$sip" ]; then
        echo "Call      sip:room@${sip#sip:} from two softphones: they meet in the conference \"room\""
    fi
    if [ -n "$api" ]; then
        echo "List      curl $option-u \"$key\" $api/apiserver/Accounts/$account/Conferences"
    fi
    echo "See also  ./run.sh demo, README.md; Ctrl-C ends the bridge"
}

# Copies the bridge's output, and adds the hints behind its first ready line.
pass_on() {
    trap '' INT TERM HUP
    local line
    while IFS= read -r line; do
        printf '%s\n' "$line"
        [[ $line == ready\ * ]] || continue
        [ -e "$state/ready" ] || show_hints "$line"
        : >"$state/ready"
    done
}

# Starts the bridge and waits until it has gone. Sets status.
run_once() {
    local copier
    # A named pipe, because bash would leave a copy of `> >(...)` open in the bridge and so in parley-sip.
    pass_on <"$state/output" &
    copier=$!
    "$parleyd" "$@" >"$state/output" &
    child=$!
    $stopping && kill -TERM "$child" 2>/dev/null
    while kill -0 "$child" 2>/dev/null; do
        wait "$child" 2>/dev/null
    done
    wait "$child" 2>/dev/null
    status=$?
    child=''
    wait "$copier"
}

stop() {
    stopping=true
    [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
}

run() {
    local began pause=1
    data=$(data_directory "$@")
    own_account=false
    gives_account "$@" && own_account=true
    state=$(mktemp -d) || exit 1
    trap 'rm -rf "$state"' EXIT
    mkfifo "$state/output" || exit 1
    stopping=false child=''
    trap stop INT TERM HUP
    while :; do
        began=$SECONDS
        run_once "$@"
        # A bridge that never got ready has said why; starting it again would not help.
        if $stopping || [ "$status" -eq 0 ] || [ "$status" -eq 2 ] || [ ! -e "$state/ready" ]; then
            exit "$status"
        fi
        [ $((SECONDS - began)) -lt 60 ] || pause=1
        say "parleyd ended with status $status; starting it again"
        # Tenths of a second: calls are kept for orphan_hold_s only. A signal ends the pause.
        sleep "$((pause / 10)).$((pause % 10))" &
        wait $!
        ! $stopping || exit 0
        pause=$((pause * 2 > 50 ? 50 : pause * 2))
    done
}

case ${1-} in
--help | -h)
    usage
    ;;
demo)
    shift
    build parleyd parley-sip parley-load
    exec python3 "$root/demo/demo.py" "$@"
    ;;
*)
    build parleyd parley-sip
    run "$@"
    ;;
esac
