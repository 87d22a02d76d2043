#!/bin/bash
# Installs what the tests need, builds with warnings as errors, runs every test. The last line is "N passed, N failed".
#
#   ./test.sh                       everything
#   ./test.sh unit|asan|tsan|e2e    a part; several may be given
#
# unit: all of ctest on an optimised build (build/), the scoreboard of the audio among it
# asan: the same under AddressSanitizer and UndefinedBehaviorSanitizer (build-asan/)
# tsan: the media engine's tests under ThreadSanitizer (build-tsan/)
# e2e:  real SIP calls against a bridge that aborts when our code allocates, locks or does file I/O on a media thread
#       (build-guard/)
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
. cmake/packages.sh

jobs=$(nproc)
passed=0
failed=0
trouble=()
export UBSAN_OPTIONS=print_stacktrace=1
export CTEST_OUTPUT_ON_FAILURE=

say() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

fail() {
    failed=$((failed + 1))
    trouble+=("$*")
    echo "FAILED: $*"
}

# configure DIR OPTION...
configure() {
    local dir=$1
    shift
    mkdir -p "$dir"
    cmake -S . -B "$dir" -G "Unix Makefiles" -DWERROR=ON "$@" >"$dir/configure.log" 2>&1 && return
    cat "$dir/configure.log"
    fail "configuring $dir"
    return 1
}

# build DIR [TARGET...]
build() {
    local dir=$1
    shift
    cmake --build "$dir" -j "$jobs" ${1:+--target "$@"} 2>&1 |
        grep --line-buffered -vE 'Built target|Consolidate|Scanning|make\[|^make: |Building C object'
    [ "${PIPESTATUS[0]}" -eq 0 ] && return
    fail "building $dir"
    return 1
}

# Reads ctest -V output: shows a line a test as it ends, and the output of those that failed; counts what is within
# them (the functions of a cmocka program; anything else is one). The totals go to the file in `totals`.
read -r -d '' follow <<'AWK'
match($0, /^[0-9]+: /) {
    n = substr($0, 1, RLENGTH - 2) + 0
    text = substr($0, RLENGTH + 1)
    output[n] = output[n] "    " text "\n"
    if (match(text, /^\[  PASSED  \] [0-9]+ test/)) good[n] += substr(text, 14) + 0
    if (match(text, /^\[  FAILED  \] [0-9]+ test/)) bad[n] += substr(text, 14) + 0
    next
}
match($0, /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: /) {
    split($0, parts, "#")
    n = parts[2] + 0
    print
    fflush()
    if ($0 ~ / Passed /) {
        passed += good[n] > 0 ? good[n] : 1
    } else {
        passed += good[n]
        failed += bad[n] > 0 ? bad[n] : 1 # it crashed, hung or leaked
        name = parts[2]
        sub(/^[0-9]+: */, "", name)
        sub(/ .*/, "", name)
        print name >names
        printf "%s", output[n]
        fflush()
    }
    delete output[n]
}
END { print passed + 0, failed + 0 >totals }
AWK

# run_ctest DIR ARGUMENT...
run_ctest() {
    local dir=$1 wrap=() good bad name
    shift
    rm -f "$dir/totals" "$dir/failed-names"
    # ThreadSanitizer of gcc 12 cannot place its shadow under the address randomisation of newer kernels.
    [ "$dir" != build-tsan ] || ! setarch -R true 2>/dev/null || wrap=(setarch -R)
    "${wrap[@]}" ctest --test-dir "$dir" -V -j "$jobs" --no-tests=error "$@" 2>&1 |
        awk -v totals="$dir/totals" -v names="$dir/failed-names" "$follow"
    local status=${PIPESTATUS[0]}
    if ! read -r good bad <"$dir/totals"; then good=0 bad=0; fi
    passed=$((passed + good))
    failed=$((failed + bad))
    if [ -f "$dir/failed-names" ]; then
        while read -r name; do trouble+=("$dir $name"); done <"$dir/failed-names"
    fi
    [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || fail "ctest in $dir ended with status $status"
}

# run_scoreboard DIR: the programs that ctest has as audio/*, with what they measure shown
run_scoreboard() {
    local dir=$1
    tests/audio/run --build "$dir" --no-build 2>"$dir/scoreboard.log" | tee "$dir/scoreboard"
    local status=${PIPESTATUS[0]}
    if [[ $(tail -n 1 "$dir/scoreboard") =~ ^([0-9]+)\ lines,\ ([0-9]+)\ missed ]]; then
        passed=$((passed + BASH_REMATCH[1] - BASH_REMATCH[2]))
        failed=$((failed + BASH_REMATCH[2]))
        [ "${BASH_REMATCH[2]}" -eq 0 ] || trouble+=("tests/audio/run: ${BASH_REMATCH[2]} lines missed")
        [ "$status" -eq 0 ] || [ "${BASH_REMATCH[2]}" -gt 0 ] || fail "tests/audio/run ended with status $status"
    else
        cat "$dir/scoreboard.log"
        fail "tests/audio/run ended with status $status and no count"
    fi
}

part_unit() {
    say "unit: optimised build"
    configure build -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBENCH=ON && build build || return
    run_ctest build -E '^audio/'
    say "scoreboard: what is promised about the audio, shortened"
    run_scoreboard build
}

part_asan() {
    say "asan: the same under AddressSanitizer and UndefinedBehaviorSanitizer"
    configure build-asan -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSANITIZE=address -DBENCH=OFF &&
        build build-asan && run_ctest build-asan
}

part_tsan() {
    local targets
    say "tsan: the media engine under ThreadSanitizer"
    configure build-tsan -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSANITIZE=thread -DBENCH=OFF || return
    targets=$(cmake --build build-tsan --target help | grep -oE '\btest_engine_[a-z0-9_]*$')
    # shellcheck disable=SC2086
    build build-tsan $targets && run_ctest build-tsan -R '^engine/'
}

part_e2e() {
    local last
    say "e2e: real calls against a bridge with guarded media threads"
    configure build-guard -DCMAKE_BUILD_TYPE=RelWithDebInfo -DMEDIA_GUARD=ON -DBENCH=ON &&
        build build-guard parleyd parley-sip parley-load dtmf_read || return
    PARLEY_BUILD=build-guard tests/e2e/run --jobs 2 2>&1 | tee build-guard/e2e.log
    local status=${PIPESTATUS[0]}
    last=$(tail -n 1 build-guard/e2e.log)
    if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        [ "${BASH_REMATCH[2]}" -eq 0 ] || trouble+=("tests/e2e/run: ${BASH_REMATCH[2]} failed, see build-guard/e2e.log")
        [ "$status" -eq 0 ] || [ "${BASH_REMATCH[2]}" -gt 0 ] || fail "tests/e2e/run ended with status $status"
    else
        fail "tests/e2e/run ended with status $status and no count"
    fi
}

case ${1-} in
--help | -h)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]##*/}"
    exit 0
    ;;
esac
[ $# -gt 0 ] || set -- unit asan tsan e2e
for part in "$@"; do
    case $part in
    unit | asan | tsan | e2e) ;;
    *)
        echo "test.sh: no such part: $part (usage: ./test.sh [unit|asan|tsan|e2e]...)" >&2
        exit 2
        ;;
    esac
done

# shellcheck disable=SC2086
if packages_install $packages_build $packages_run $packages_test; then
    for part in "$@"; do "part_$part"; done
else
    fail "installing packages"
fi

say "done"
if [ ${#trouble[@]} -gt 0 ]; then
    echo "What failed:"
    printf '  %s\n' "${trouble[@]}"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
