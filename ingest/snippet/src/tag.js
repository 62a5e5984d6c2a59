/*
 * Clicktrail's tag: <script defer src="https://collect.example/t.js" data-site="shop"></script>
 *
 * data-site     the site's id or domain (required)
 * data-host     the collector, when it is not where the script came from
 * data-cookie   keep a visitor id in a first-party cookie; without it nothing is stored about the visitor
 * data-consent  what holds until the page says otherwise: granted, denied, or wait (send nothing yet)
 *
 * clicktrail('signup', {plan: 'pro'})            an event of your own
 * clicktrail('order', {order_id: '7', revenue: 9.5, currency: 'EUR'})     one of the known kinds
 * clicktrail('identify', 'customer-42')          who this is, from now on
 * clicktrail('consent', 'granted' | 'denied')    what the visitor decided
 * clicktrail('page')                             a page view the tag cannot see
 *
 * Calls made before the tag is there wait in clicktrail.q:
 * window.clicktrail = window.clicktrail || function () { (clicktrail.q = clicktrail.q || []).push(arguments); };
 */
(function (window, document, navigator, location, storage) {
  'use strict';

  var BATCH = 20, WAIT_MS = 1000, KEPT_EVENTS = 50, KEEPALIVE_BYTES = 60000;
  var KNOWN = /^(search|(product|list)_view|(add_to|remove_from)_cart|checkout|order|refund|rating|complaint|screen_view|error|click|form|download|outlink)$/;
  var FILE = /\.(pdf|zip|docx?|xlsx?|pptx?|csv|txt|rtf|dmg|exe|pkg|apk|gz|rar|7z|iso|mp[34]|avi|mov|wav|epub)$/i;
  var COOKIE = 'ct_id', COOKIE_AGE_S = 34560000, PENDING = 'ct_pending';

  var script = document.currentScript || document.querySelector('script[data-site]');
  var data = script && script.dataset;
  var earlier = window.clicktrail;
  if (!data || !data.site || earlier && earlier.on) return;

  var host = (data.host || new URL(script.src, location.href).origin).replace(/\/$/, '');
  var endpoint = (/^(https?:)?\/\//.test(host) ? host : '//' + host) + '/e';
  var gpc = !!navigator.globalPrivacyControl;
  var optedOut = gpc || navigator.doNotTrack == '1';
  var consent = data.consent || '';

  var queue = [], timer = 0, failures = 0;
  var user, cookieId;
  var pageView, page, referrer, seq;
  var engaged, visibleSince, scrolled, told;

  // Ids and times

  function uuid() {
    var bytes = crypto.getRandomValues(new Uint8Array(16)), now = Date.now(), text = '', i;
    for (i = 5; i >= 0; i--) {
      bytes[i] = now % 256;
      now = Math.floor(now / 256);
    }
    bytes[6] = bytes[6] & 15 | 112;
    bytes[8] = bytes[8] & 63 | 128;
    for (i = 0; i < 16; i++) text += (i == 4 || i == 6 || i == 8 || i == 10 ? '-' : '') + (bytes[i] + 256).toString(16).slice(1);
    return text;
  }

  function visible() {
    return document.visibilityState != 'hidden';
  }

  function engagedMs() {
    return Math.round(engaged + (visibleSince ? performance.now() - visibleSince : 0));
  }

  // The visitor's id: only when the site asks for it and the visitor does not object

  function setCookie(value, age) {
    var parts = location.hostname.split('.'), i = parts.length > 1 ? 2 : 1;
    for (; i <= parts.length + 1; i++) {
      document.cookie = COOKIE + '=' + value + ';path=/;max-age=' + age + ';samesite=lax' + (location.protocol == 'https:' ? ';secure' : '') +
        (i <= parts.length ? ';domain=' + parts.slice(-i).join('.') : '');
      if (age && readCookie()) return;
    }
  }

  function readCookie() {
    return (document.cookie.match(/(?:^|; )ct_id=([^;]+)/) || [])[1];
  }

  function anonymousId() {
    if (data.cookie == null || data.cookie == 'false' || optedOut || consent == 'denied') return undefined;
    if (!cookieId) {
      cookieId = readCookie();
      try {
        cookieId = cookieId || localStorage.getItem(COOKIE);
      } catch (e) {}
      cookieId = cookieId || uuid();
      setCookie(cookieId, COOKIE_AGE_S);
      if (!readCookie()) try {
        localStorage.setItem(COOKIE, cookieId);
      } catch (e) {}
    }
    return cookieId;
  }

  function forget() {
    if (readCookie()) setCookie('', 0);
    try {
      localStorage.removeItem(COOKIE);
    } catch (e) {}
    cookieId = user = undefined;
  }

  // Sending: batches, again after a failure, also after a reload; event ids make repeats harmless

  function add(type, fields) {
    var event = {
      event_id: uuid(),
      event_type: type,
      device_time: Date.now(),
      page_view_id: pageView,
      seq: seq++,
      url: page,
      title: document.title,
      referrer: referrer || undefined,
      engaged_ms: engagedMs(),
      scroll_pct: scrolled,
      screen: screen.width + 'x' + screen.height,
      language: navigator.language,
      timezone: timezone(),
      user_id: user,
      gpc: gpc || undefined,
      webdriver: navigator.webdriver || undefined
    };
    for (var name in fields) event[name] = fields[name];
    queue.push(event);
    if (queue.length >= BATCH) flush();
    else if (!timer) timer = setTimeout(flush, WAIT_MS);
    return event;
  }

  function timezone() {
    try {
      return Intl.DateTimeFormat().resolvedOptions().timeZone;
    } catch (e) {}
  }

  function flush(leaving) {
    clearTimeout(timer);
    timer = 0;
    while (queue.length && consent != 'wait') send(queue.splice(0, BATCH), leaving === true);
  }

  function send(events, leaving) {
    var id = anonymousId(), body;
    events.forEach(function (event) {
      event.anonymous_id = id;
      event.consent = event.consent || consent || undefined;
      if (consent == 'denied') event.user_id = undefined;
    });
    body = JSON.stringify({site: data.site, sent_at: Date.now(), events: events});
    if (leaving && navigator.sendBeacon && navigator.sendBeacon(endpoint, body)) return;
    fetch(endpoint, {method: 'POST', body: body, keepalive: body.length < KEEPALIVE_BYTES}).then(function (answer) {
      if (answer.status >= 500) throw answer;
      failures = 0;
      remember();
    }).catch(function () {
      queue = events.concat(queue).slice(-KEPT_EVENTS);
      remember();
      timer = timer || setTimeout(flush, WAIT_MS << Math.min(++failures, 6));
    });
  }

  function remember() {
    try {
      if (failures || queue.length && storage.getItem(PENDING)) storage.setItem(PENDING, JSON.stringify(queue));
      else storage.removeItem(PENDING);
    } catch (e) {}
  }

  // Page views

  function address() {
    var hash = location.hash;
    return location.href.slice(0, location.href.length - (/^#[!\/]/.test(hash) ? 0 : hash.length));
  }

  function view() {
    var event;
    if (pageView) {
      ping();
      referrer = page;
    } else referrer = document.referrer;
    page = address();
    pageView = uuid();
    seq = engaged = scrolled = told = 0;
    visibleSince = visible() ? performance.now() : 0;
    onScroll();
    event = add('page_view');
    setTimeout(function () {
      if (event.url == page) event.title = document.title;
    }, 100);
  }

  function viewIfMoved() {
    if (address() != page) view();
  }

  function ping() {
    var now = engagedMs();
    if (now > told) add('ping', {title: undefined});
    told = now;
  }

  function onVisibility() {
    if (visible()) visibleSince = visibleSince || performance.now();
    else leave();
  }

  function leave() {
    engaged = engagedMs();
    visibleSince = 0;
    ping();
    flush(true);
  }

  function onScroll() {
    var root = document.documentElement, height = Math.max(root.scrollHeight, 1);
    scrolled = Math.max(scrolled, Math.min(100, Math.round((window.scrollY + window.innerHeight) / height * 100)));
  }

  function wrap(name) {
    var original = history[name];
    history[name] = function () {
      var result = original.apply(this, arguments);
      try {
        viewIfMoved();
      } catch (e) {}
      return result;
    };
  }

  // Clicks and forms

  function onClick(event) {
    var start = event.target, link, marked, name, properties = {};
    if (!start || !start.closest) return;
    marked = start.closest('[data-ct-event]');
    if (marked) {
      for (name in marked.dataset) if (/^ct[A-Z]/.test(name) && name != 'ctEvent') properties[name.slice(2).toLowerCase()] = marked.dataset[name];
      command(marked.dataset.ctEvent, properties);
    }
    link = start.closest('a[href]');
    if (!link || !/^https?:$/.test(link.protocol)) return;
    if (FILE.test(link.pathname)) add('download', {target: link.href});
    else if (link.host != location.host) add('outlink', {target: link.href});
  }

  function onSubmit(event) {
    var form = event.target;
    add('form', {target: form.id || form.getAttribute('name') || form.getAttribute('action') || ''});
  }

  // What pages call

  function command(name, value) {
    if (name == 'identify') {
      if (consent == 'denied') return;
      user = String(value);
      add(name, {user_id: user});
    } else if (name == 'consent') {
      consent = value;
      if (value == 'denied') forget();
      add(name, {consent: value});
    } else if (/^page(_view)?$/.test(name)) view();
    else if (KNOWN.test(name)) add(name, value);
    else if (name) add('custom', {event_name: String(name), properties: value});
  }

  function start() {
    try {
      queue = JSON.parse(storage.getItem(PENDING)) || [];
    } catch (e) {}
    view();
    wrap('pushState');
    wrap('replaceState');
    addEventListener('popstate', viewIfMoved);
    addEventListener('hashchange', viewIfMoved);
    addEventListener('pagehide', leave);
    addEventListener('pageshow', function (event) {
      if (event.persisted) view();
    });
    addEventListener('scroll', onScroll, {passive: true});
    document.addEventListener('visibilitychange', onVisibility);
    document.addEventListener('click', onClick, true);
    document.addEventListener('auxclick', onClick, true);
    document.addEventListener('submit', onSubmit, true);
    window.clicktrail = command;
    command.on = 1;
    (earlier && earlier.q || []).forEach(function (call) {
      command(call[0], call[1]);
    });
  }

  if (document.prerendering) document.addEventListener('prerenderingchange', start, {once: true});
  else start();
})(window, document, navigator, location, (function () {
  try {
    return sessionStorage;
  } catch (e) {}
})());
