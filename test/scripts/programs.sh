# A #! line names what runs a script: with an argument, nested, or in vain
cd work
write() { cat > $1; chmod +x $1; }
cp ../bin/busybox busybox
write plain <<'END'
#!busybox sh
echo "plain $0 $1"; exit 3
END
./plain x; echo $?
write spaces <<'END'
#!   busybox   sh -e   
echo never
END
./spaces; echo $?
write arguments <<'END'
#!busybox echo one two
END
./arguments three four
write none <<'END'
#!busybox
END
./none 2>/dev/null; echo $?
write inner <<'END'
#!./plain inner
END
./inner outer; echo $?
write third <<'END'
#!./inner
END
./third deep; echo $?
write missing <<'END'
#!./no-such-interpreter
END
./missing; echo "missing interpreter $?"
write empty <<'END'
#!
echo "an empty line names nothing: the shell reads it, $?"
END
./empty
write itself <<'END'
#!./itself
END
./itself 2>/dev/null; echo "names itself $?"
write text <<'END'
echo "no #! line: read by the shell, $1"; exit 6
END
./text argument; echo $?
env ./text 2>/dev/null; echo "env does not read it: $?"
xargs -n1 ./plain <<'END'
by-xargs
END
find . -name 'plai?' -exec {} found \;
: > nothing; chmod +x nothing; ./nothing; echo "an empty file $?"
printf '\177ELF and no more' > elf; chmod +x elf; ./elf 2>/dev/null; test $? -ne 0 && echo "a broken ELF fails"
chmod -x plain; ./plain; echo "not executable $?"
echo 'echo "sourced $1"; return 5' > lib; . ./lib; echo $?
rm busybox; exec ./text last
