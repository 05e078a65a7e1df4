// A stand-in for the script that pages use WeChat's JSSDK with. What the WeChat client checks, it asks the simulator that it
// was loaded from, which also says why something was refused.
(function () {
  'use strict';
  const base = new URL('.', document.currentScript.src);
  const known = [
    'updateAppMessageShareData', 'updateTimelineShareData', 'onMenuShareTimeline', 'onMenuShareAppMessage', 'onMenuShareQQ',
    'onMenuShareWeibo', 'onMenuShareQZone', 'startRecord', 'stopRecord', 'onVoiceRecordEnd', 'playVoice', 'pauseVoice',
    'stopVoice', 'onVoicePlayEnd', 'uploadVoice', 'downloadVoice', 'chooseImage', 'previewImage', 'uploadImage',
    'downloadImage', 'translateVoice', 'getNetworkType', 'openLocation', 'getLocation', 'hideOptionMenu', 'showOptionMenu',
    'hideMenuItems', 'showMenuItems', 'hideAllNonBaseMenuItem', 'showAllNonBaseMenuItem', 'closeWindow', 'scanQRCode',
    'openProductSpecificView', 'addCard', 'chooseCard', 'openCard',
  ];
  let shown = {};       // what wx.config was called with
  let allowed = [];     // what the page may call
  let result = null;    // of wx.config
  let onError = null;
  const onReady = [];

  // As text/plain it needs no leave of the other origin to be sent.
  async function ask(name, body) {
    try {
      const answer = await fetch(new URL(name, base), { method: 'POST', body: JSON.stringify(body) });
      return await answer.json();
    } catch (broken) {
      return { errMsg: 'fail', why: String(broken) };
    }
  }

  function tell(name, answer, options) {
    const said = Object.assign({}, answer, { errMsg: name + ':' + (answer.errMsg || 'fail') });
    if (shown.debug || answer.why) console.log(JSON.stringify(said));
    const callback = answer.errMsg === 'ok' ? options.success : options.fail;
    if (callback) callback(said);
    if (options.complete) options.complete(said);
    return said;
  }

  function verify(id, options) {
    const { agentid, timestamp, nonceStr, signature } = options;
    return ask('preVerifyJSAPI', { href: location.href, appId: id, agentid, timestamp, nonceStr, signature });
  }

  const wx = {
    async config(options) {
      shown = options;
      const answer = await verify(options.appId, options);
      allowed = answer.errMsg === 'ok' ? allowed.concat(options.jsApiList || []) : [];
      result = tell('config', answer, {});
      if (answer.errMsg !== 'ok' && onError) onError(result);
      // The real one calls these after a failure, too.
      onReady.splice(0).forEach((it) => it());
    },
    ready(callback) {
      if (result) callback(); else onReady.push(callback);
    },
    error(callback) {
      onError = callback;
      if (result && result.errMsg !== 'config:ok') callback(result);
    },
    async agentConfig(options) {
      const answer = await verify(options.corpid, options);
      if (answer.errMsg === 'ok') allowed = allowed.concat(options.jsApiList || []);
      tell('agentConfig', answer, options);
    },
    checkJsApi(options) {
      const checkResult = {};
      options.jsApiList.forEach((it) => { checkResult[it] = known.includes(it); });
      tell('checkJsApi', { errMsg: 'ok', checkResult }, options);
    },
  };

  const cards = {
    addCard: (options) => ask('batchAddCard', { appId: shown.appId, cardList: options.cardList }),
    chooseCard: (options) => ask('chooseCard', Object.assign({ appId: shown.appId }, options)),
  };

  known.forEach((name) => {
    wx[name] = async (options = {}) => {
      const call = cards[name] || (() => ({ errMsg: 'ok' }));
      tell(name, allowed.includes(name) ? await call(options) : { errMsg: 'permission denied' }, options);
    };
  });
  window.wx = window.jWeixin = wx;
})();
