# Background jobs run beside the shell, and wait gives their statuses
(sleep 0.15; echo late) &
(echo early) &
wait; echo "all: $?"
sh -c 'exit 7' & wait $!; echo "one: $?"
sleep 100 & p=$!; kill $p; wait $p; echo "terminated: $?"
sleep 100 & p=$!; kill -9 $p; wait $p; echo "killed: $?"
true & a=$!; false & b=$!; sh -c 'exit 9' & c=$!
wait $c; echo "c $?"; wait $a; echo "a $?"; wait $b; echo "b $?"
wait 999999 2>/dev/null; echo "no child: $?"
{ sleep 0.1; echo from a group; } & wait
f() { sleep 0.05; echo "from a function: $1"; return 6; }; f x & wait $!; echo "f: $?"
(sleep 0.1 & wait; echo "inner shell waited") & wait
(exit 3) & sleep 0.05; wait $!; echo "ended before it was waited for: $?"
for i in 1 2 3 4 5; do (sleep 0.0$i; exit $i) & eval "p$i=$!"; done
for i in 5 4 3 2 1; do eval "wait \$p$i"; echo "job $i: $?"; done
cat </dev/null & wait $!; echo "cat: $?"
kill -0 $$ && echo "the shell is there"
sleep 100 & p=$!; kill -0 $p && echo "the job is there"; kill $p; wait $p 2>/dev/null; kill -0 $p 2>/dev/null || echo "and gone"
timeout 0.1 sleep 100; echo "timeout: $?"
