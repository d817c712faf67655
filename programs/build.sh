#!/bin/sh
# Rebuilds the programs:        programs/build.sh
# Checks the committed ones:    programs/build.sh --check
#
# The same compiler gives the same bytes: no build ids, no paths, no dates.
set -eu

cd "$(dirname "$0")"
CC=${CC:-riscv64-linux-gnu-gcc}
STRIP=${STRIP:-riscv64-linux-gnu-strip}
PROGRAMS='hello sort matmul hashjoin treewalk alloc-churn sparse scan echo-args bench-mix server client overflow rop walk alias'
PIE_PROGRAMS='hello echo-args'

case "${1:-}" in
'' | --check) ;;
*)
    echo 'usage: programs/build.sh [--check]' >&2
    exit 2
    ;;
esac

for tool in "$CC" "$STRIP"; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "programs/build.sh: $tool not found (Debian: apt install gcc-riscv64-linux-gnu)" >&2
        exit 1
    fi
done

CFLAGS='-std=c11 -O2 -march=rv64gc -mabi=lp64d -mcmodel=medany -ffreestanding -fno-builtin
    -fno-tree-loop-distribute-patterns -fno-stack-protector -fno-asynchronous-unwind-tables -fno-common
    -fvisibility=hidden -ffunction-sections -fdata-sections -ffp-contract=off -Wall -Wextra -Werror'
LDFLAGS='-nostdlib -Wl,--build-id=none,--gc-sections,--no-dynamic-linker,-z,noexecstack,-z,norelro'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/fixed" "$work/pie"

# build <fixed|pie> <compiler flags> <link flags> <suffix> <programs...>
build() {
    kind=$1 cflags=$2 ldflags=$3 suffix=$4
    shift 4
    "$CC" -c -march=rv64gc -mabi=lp64d runtime/start.S -o "$work/$kind/start.o"
    "$CC" $cflags -E -P -x c runtime/link.ld -o "$work/$kind/link.ld"
    for source in runtime/runtime.c runtime/heap.c; do
        "$CC" $CFLAGS $cflags -c "$source" -o "$work/$kind/$(basename "$source" .c).o"
    done
    for program in "$@"; do
        "$CC" $CFLAGS $cflags -c "$program.c" -o "$work/$kind/$program.o"
        # Linked from inside, so that no temporary path can reach the image.
        (cd "$work/$kind" && "$CC" $LDFLAGS $ldflags -Wl,-T,link.ld start.o runtime.o heap.o "$program.o" -o "../bin/$program$suffix.elf")
        "$STRIP" --strip-debug "$work/bin/$program$suffix.elf"
    done
}

build fixed '-fno-pie' '-static -no-pie' '' $PROGRAMS
build pie '-fPIE -DPOSITION_INDEPENDENT' '-static-pie' '-pie' $PIE_PROGRAMS

if [ "${1:-}" != --check ]; then
    mkdir -p bin
    rm -f bin/*.elf
    cp "$work"/bin/*.elf bin/
    chmod 755 bin/*.elf
    echo "programs/build.sh: built $(ls bin | wc -l) programs with $("$CC" --version | head -n 1)"
    exit 0
fi

different=''
for built in "$work"/bin/*.elf; do
    name=$(basename "$built")
    cmp -s "$built" "bin/$name" || different="$different $name"
done
for committed in bin/*.elf; do
    name=$(basename "$committed")
    [ -e "$work/bin/$name" ] || different="$different $name"
done
if [ -n "$different" ]; then
    echo "programs/build.sh: programs/bin differs from its sources (or the compiler from the one in README.md):$different" >&2
    exit 1
fi
echo "programs/build.sh: programs/bin matches its sources"
