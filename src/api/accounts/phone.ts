/** `+221771234567` from any form that the contract accepts. */
export function toE164(phone: string): string {
  return `+221${nationalNumber(phone)}`;
}

/** Nine digits, the form in which numbers are given back. */
export function nationalNumber(phone: string): string {
  return phone.slice(-9);
}
