// node link.mjs KEY NAME '/qrcode?path=https%3A%2F%2Fexample.com' 600
import { createHash, createHmac } from 'node:crypto';

// encodeURIComponent leaves ' as it is, and browsers do not.
const escape = (text) => encodeURIComponent(text).replaceAll("'", '%27');

export function link(key, name, target, seconds) {
  const joint = target.includes('?') ? '&' : '?';
  const until = Math.floor(Date.now() / 1000) + seconds;
  const text = `${target}${joint}wx_by=${escape(name)}&wx_exp=${until}`;
  const secret = createHash('sha256').update(key).digest();
  return `${text}&wx_sig=${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

const [key, name, target, seconds] = process.argv.slice(2);
console.log(link(key, name, target, Number(seconds)));
