# Traps run for signals and at the end, in the shell that set them
trap 'echo usr1' USR1; kill -USR1 $$; echo after
trap 'echo usr2 once; trap - USR2' USR2; kill -USR2 $$
sh -c 'trap "echo at the end" EXIT; echo body'
sh -c 'trap "echo at the end: \$?" EXIT; exit 3'; echo "status $?"
sh -c 'trap "echo term; exit 5" TERM; kill $$; echo not reached'; echo "status $?"
sh -c 'trap "" TERM; kill $$; echo ignored'; echo "status $?"
sh -c 'trap "" TERM; sh -c "kill \$\$; echo ignored by the child too"'
sh -c 'trap "echo only here" TERM; sh -c "kill \$\$; echo not reached"; echo "the child: $?"'
sh -c 'trap "echo INT in the shell" INT; kill -INT $$; echo goes on'
(trap 'echo sub; exit 8' USR1; kill -USR1 $$; sleep 0.05); echo "sent to the main shell: $?"
trap 'echo interrupted the wait' USR1
(sleep 0.05; kill -USR1 $$; sleep 0.1; exit 4) & p=$!
wait $p; echo "wait after the signal: $?"
wait $p; echo "wait again: $?"
sleep 0.2 & (sleep 0.05; kill -USR1 $$) & wait; echo "wait for all: $?"
trap; trap '' HUP; trap - USR1; trap
sh -c 'trap "echo child ended" CHLD; true & wait; echo waited'
sh -c 'i=0; trap "i=\$((i + 1))" USR1; while [ $i -lt 5 ]; do kill -USR1 $$; done; echo $i signals'
kill -l 9; kill -l 15; kill -l TERM
