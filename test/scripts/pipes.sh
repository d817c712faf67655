# Pipelines of every length pass their bytes on, and a reader that ends early ends the writer
echo one | cat
seq 1 500 | grep 7 | sort -rn | head -5 | tr '\n' ' ' | sed 's/ $/\n/'
seq 1 3000 | sed 's/$/ x/' | awk '{print $1 * 2}' | tail -n 2
echo deep | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat
yes | head -n 3
yes 'a longer line that fills pages sooner' | head -c 200000 | md5sum
(yes; echo "yes: $?" >&2) | head -n 1
dd if=/dev/zero bs=1024 count=300 2>/dev/null | tr '\0' 'z' | wc -c
dd if=/dev/zero bs=64k count=8 2>/dev/null | (dd of=/dev/null bs=4k count=3 2>/dev/null; wc -c)
echo "left: $(false | true; echo $?) $(true | false; echo $?)"
! true | false; echo "negated: $?"
{ echo out; echo err >&2; } 2>&1 | sort
echo a b c | while read x y z; do echo "$z$y$x"; done
n=0; seq 1 5 | while read i; do n=$((n + i)); done; echo "n outside of the pipeline: $n"
seq 1 4 | { read a; read b; cat; echo "first: $a $b"; }
: | cat; echo "empty: $?"
cat </dev/null | wc -c
set -o pipefail
false | true; echo "pipefail: $?"
sh -c 'exit 3' | sh -c 'exit 5' | true; echo "pipefail, the last that failed: $?"
