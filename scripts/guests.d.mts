/** Where the programs of others lie, once `npm run guests` has made them. */
export declare const guestFolder: string;
export declare const busybox: { readonly guest: string; readonly host: string };
/** A large static program for the guest, compiled by Go. */
export declare const esbuild: { readonly version: string; readonly guest: string };
