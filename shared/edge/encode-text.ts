/** Octets in UTF-8; much faster for a text without any other characters than ASCII, as most are. */
export const encodeText = (text: string): Buffer => Buffer.from(text, ASCII.test(text) ? "latin1" : "utf8");

const ASCII = /^[\x00-\x7f]*$/;
