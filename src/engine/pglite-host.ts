/** The database host under its first name, for what still starts it by that. */
import './pglite-host-main.ts';
