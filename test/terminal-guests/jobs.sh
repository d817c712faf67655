# Jobs of a shell stop, go on in the foreground or the background, and have groups of their own
exec 2>&1
set -m
test -t 0 && test -t 1 && echo "a terminal"
sleep 2 & jobs; fg; echo "fg: $?"
sh -c 'kill -STOP $$; echo continued; exit 3'; echo "stopped: $?"; jobs; fg; echo "then: $?"
sleep 100 & kill %1; wait %1; echo "killed: $?"
sh -c 'kill -STOP $$; exit 4'; bg; wait %1; echo "bg: $?"
sh -c 'kill -STOP $$; exit 5'; jobs; kill -CONT %1; wait %1; echo "continued: $?"
sleep 1 & test "$(cut -d' ' -f5 /proc/$!/stat)" = $! && echo "a job leads its group"; wait
test "$(cut -d' ' -f8 /proc/$$/stat)" = "$(cut -d' ' -f5 /proc/$$/stat)" || echo "the terminal is for what runs now"
sleep 100 | sleep 100 & kill -TERM %1; wait; echo "both of a pipe"
sh -c 'trap "echo got TSTP" TSTP; kill -TSTP $$; echo on'; echo $?
sh -c 'kill -TTIN $$; echo after TTIN'; echo "TTIN: $?"; fg >/dev/null; echo $?
cat & sleep 2; jobs; kill %1; fg; echo "a reader in the background: $?"
sh -c 'echo x >/dev/tty'; echo $?
(set -m; sh -c 'exit 6' & fg >/dev/null; echo "in a subshell: $?")
