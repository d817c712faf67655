# Every kind of redirection puts the bytes where it says
cd work
echo first > a; echo second >> a; cat < a
echo error > b 2>&1; ls nothing 2>> b; wc -l < b
ls nothing > c 2>&1; cat c
ls nothing 2>&1 > d | sed 's/^/through the pipe: /'
exec 3> three; echo to three >&3; echo more >&3; exec 3>&-; cat three
exec 4< three; read line <&4; echo "read: $line"; read line <&4; echo "then: $line"; exec 4<&-
exec 5<> both; echo both ways >&5; exec 5>&-; cat both
(echo closed >&9) 2>/dev/null || echo "descriptor 9 is closed"
cat <<END
here $((6 * 7)) $(echo substituted) `echo too` \$kept
END
cat <<'END'
nothing is $substituted $(here)
END
cat <<-END
	tabs go
		all of them
END
cat <<A; cat <<B
the first
A
the second
B
cat 3<<END <&3
by another descriptor
END
set -C; echo kept > guarded; echo lost > guarded; echo "noclobber: $?"; cat guarded
echo forced >| guarded; cat guarded; echo appended >> guarded; wc -l < guarded; set +C
> empty; test -s empty || echo "empty is empty"
echo x > /dev/null; cat /dev/null; echo "null: $?"
cat < missing; echo "missing: $?"
echo nowhere > no/such/folder; echo "no folder: $?"
echo onto > .; echo "a folder: $?"
{ echo grouped; echo together; } > group; cat group
for i in 1 2 3; do echo "loop $i"; done > loop; tail -n 1 loop
while read a rest; do echo "$rest/$a"; done < loop
(echo sub; exit 4) > sub; echo "status through a redirection: $?"; cat sub
echo "$(< a)"
f() { echo "function to $1"; }; f file > function; cat function
printf 'a\0b' > zero; wc -c < zero
cat a - three <<END
between
END
tee t1 t2 < a | wc -l; cmp t1 t2 && echo same
seq 1 20000 > long; wc < long; tail -c 12 long; head -c 10 long | od -c | head -n 1
cp long copy; cmp long copy && echo "copied"; sed -n '19999,$p' copy >> long; wc -l < long
