/** The code that signal handlers return to, as Linux has it in its vDSO: `li a7, 139; ecall` (rt_sigreturn). */
export const TRAMPOLINE_CODE = Uint8Array.of(0x93, 0x08, 0xb0, 0x08, 0x73, 0x00, 0x00, 0x00);
