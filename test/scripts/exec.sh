# exec makes the shell another program, or changes its descriptors
(exec echo replaced; echo not reached)
sh -c 'exec sh -c "exec sh -c \"echo third; exit 9\""'; echo $?
sh -c 'echo $$ > work/one; exec sh -c "echo \$\$ > work/two"'; cmp work/one work/two && echo "the same process"; rm work/one work/two
(exec 2>&1; ls nothing) | sed 's/^/caught: /'
(exec > work/out; echo hidden); cat work/out
(exec < work/out; read x; echo "read $x")
exec 6>&1 > work/log; echo logged; ls nothing 2>&1; exec 1>&6 6>&-; cat work/log
a=1 sh -c 'echo a=$a'; echo "a=[$a]"; export b=2; sh -c 'echo b=$b'; (export c=3; env | grep '^[bc]=' | sort)
env x=y sh -c 'echo $x'; env -u b sh -c 'echo "[$b]"'
(cd work; pwd | sed 's#.*/##'; ls out); ls work/out
sh work/nothing 2>/dev/null || echo nothing; echo 'echo "piped script, $1"; read x; echo "read: $x"' | sh -s argument
sh <<'END'
echo "script from a here document"; cat
this is what cat reads
END
command echo command; type cd; command -v sh | sed 's#.*/bin#bin#'
time true 2>/dev/null; exec echo last
echo never
