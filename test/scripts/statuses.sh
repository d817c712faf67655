# Statuses are the program's, 128 and the signal, 126 for what can't be run and 127 for what is not there
true; echo $?; false; echo $?; sh -c 'exit 255'; echo $?; sh -c 'exit 256'; echo $?; (exit 42); echo $?
sh -c 'kill -TERM $$'; echo "TERM $?"
sh -c 'kill -KILL $$'; echo "KILL $?"
sh -c 'kill -HUP $$'; echo "HUP $?"
sh -c 'kill -PIPE $$'; echo "PIPE $?"
sh -c 'kill -USR2 $$'; echo "USR2 $?"
sh -c 'kill -ALRM $$'; echo "ALRM $?"
sh -c 'kill -CHLD $$; echo ignored by default'; echo "CHLD $?"
no-such-program; echo "not found $?"
./no/such/file; echo "no file $?"
echo 'echo hello' > work/plain; work/plain; echo "not executable $?"
./work; echo "a folder $?"
sh no-such-script; echo "no script $?"
sh -c 'exec no-such-program'; echo "exec of nothing $?"
sh -c 'exec work/plain'; echo "exec of what can't be run $?"
sh -c 'set -e; false; echo not reached'; echo "-e $?"
sh -c 'set -e; if false; then :; fi; false || true; ! true; echo reached'; echo "-e $?"
sh -c 'set -e; (exit 5); echo not reached'; echo "-e $?"
sh -c 'set -e; f() { false; echo not reached; }; f'; echo "-e $?"
sh -c 'set -e; x=$(false); echo not reached'; echo "-e $?"
sh -c 'set -u; echo $unset; echo not reached'; echo "-u $?"
sh -c 'if'; echo "syntax $?"
sh -n -c 'echo not run'; echo "-n $?"
sh -c 'echo $0 $1 $2' name one two
test 1 = 2; echo $?; [ 1 -lt 2 ]; echo $?; [ x -eq 1 ] 2>/dev/null; echo $?
expr 3 + 4; expr 1 = 2; echo $?
