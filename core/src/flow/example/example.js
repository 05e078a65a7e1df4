'use strict';
const find = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const came = location.pathname.match(/^\/app\/([^/]+)\//);
let app = query.get('app') || (came ? decodeURIComponent(came[1]) : 'demo');

function lead() {
  for (const it of document.querySelectorAll('[data-to]')) it.href = it.dataset.to.replace('APP', () => encodeURIComponent(app));
}
lead();

const field = find('app');
if (field) {
  field.value = app;
  field.oninput = () => { app = field.value || 'demo'; lead(); };
}

const told = find('told');
// It is text, and stays as it is if it cannot be set in lines.
if (told) try { told.textContent = JSON.stringify(JSON.parse(told.textContent), null, 1); } catch { }

if (find('jsapi')) {
  const state = (kind, text) => Object.assign(find('state'), { className: kind, textContent: text });
  const show = (it) => { find('said').textContent += JSON.stringify(it, null, 1) + '\n'; };
  const options = { needResult: 1, scanType: ['qrCode'], count: 1, jsApiList: ['scanQRCode', 'chooseImage'], success: show, fail: show };
  for (const it of document.querySelectorAll('[data-call]')) it.onclick = () => window.wx && wx[it.dataset.call](Object.assign({}, options));
  if (!window.wx) state('bad', '没有加载微信的脚本 · WeChat\'s script is not there');
  else {
    let failed = false;
    wx.error((it) => { failed = true; state('bad', '微信拒绝了签名 · WeChat refused the signature'); show(it); });
    wx.ready(() => { if (!failed) state('good', '签名有效 · The signature is good'); });
    const script = document.createElement('script');
    script.src = '/app/' + encodeURIComponent(app) + '/js/config?url=' + encodeURIComponent(location.href.split('#')[0]);
    script.onerror = () => state('bad', '网关没有签名，见 jssdk.hosts · The gateway has not signed: see jssdk.hosts');
    document.head.append(script);
  }
}
