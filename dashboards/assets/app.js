/* The browser's side of the shell: navigation, forms, menus, theme, copying, and the colours of figures. */
(function () {
  const root = document.documentElement;

  // 1. The small Plotly bundle instead of the full one; Dash reads this address when the first graph mounts.
  const bundle = document.querySelector('meta[name="clicktrail-charts"]');
  if (bundle) Object.defineProperty(window, '_dashPlotlyJSURL', { get: () => bundle.content, set() {} });

  // 2. "var(--x)" in figures becomes the theme's value, when drawn and on every change of theme.
  const resolve = (value, css) => {
    if (typeof value === 'string') return value.startsWith('var(--') ? css.getPropertyValue(value.slice(4, -1)).trim() : value;
    if (Array.isArray(value)) return value.map((v) => resolve(v, css));
    if (value && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
      const out = {};
      for (const key in value) out[key] = resolve(value[key], css);
      return out;
    }
    return value;
  };
  // On a phone every second label of an axis is enough; the last one stays.
  const thin = (layout, width) => {
    const axis = layout && layout.xaxis;
    if (!axis || axis.tickmode !== 'array' || width > 480) return layout;
    const keep = (list) => list.filter((_, at) => (list.length - 1 - at) % 2 === 0);
    return { ...layout, xaxis: { ...axis, tickvals: keep(axis.tickvals), ticktext: keep(axis.ticktext) } };
  };
  const drawn = new WeakMap();
  const wrap = (P) => {
    for (const name of ['newPlot', 'react']) {
      const original = P[name];
      P[name] = (gd, data, layout, config) => {
        const css = getComputedStyle(root);
        drawn.set(gd, [data, layout, config]);
        // Dash hands over one figure {data, layout, …}; Plotly also takes the parts.
        const figure = resolve(data, css);
        if (figure && figure.layout) figure.layout = thin(figure.layout, gd.clientWidth);
        return original(gd, figure, thin(resolve(layout, css), gd.clientWidth), config);
      };
    }
    return P;
  };
  let plotly;
  Object.defineProperty(window, 'Plotly', {
    configurable: true,
    get: () => plotly,
    set(P) { plotly = P && !P.__clicktrail ? Object.assign(wrap(P), { __clicktrail: 1 }) : P; },
  });
  const repaint = () => document.querySelectorAll('.js-plotly-plot').forEach((gd) => {
    const args = drawn.get(gd);
    if (args) plotly.react(gd, ...args);
  });

  // 3. Navigation: <a data-nav> pushes the URL; dcc.Location hears popstate.
  const go = (href) => { history.pushState({}, '', href); dispatchEvent(new PopStateEvent('popstate')); };
  const again = () => window.dash_clientside.set_props('_pages_location', { search: location.search }); // the same address asks anew
  const toast = (text) => {
    const box = document.getElementById('toast');
    if (!box) return;
    box.textContent = text;
    box.classList.add('on');
    setTimeout(() => box.classList.remove('on'), 1600);
  };
  const copyOld = (text) => {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'off';
    document.body.appendChild(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  };
  const copy = (text, done) => {
    const ok = () => toast(done);
    const old = () => { copyOld(text); ok(); };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(ok, old); else old();
  };
  const closeMenus = (except) => document.querySelectorAll('details.menu[open]').forEach((m) => {
    if (!except || !m.contains(except)) m.open = false;
  });
  const theme = () => {
    root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
    try { localStorage.theme = root.dataset.theme; } catch (e) { /* private windows may refuse */ }
    repaint();
  };
  const acts = {
    theme,
    share: (b) => copy(location.href, b.dataset.done),
    copy: (b) => copy(b.closest('.query, .pop, .code').querySelector('pre').textContent, b.dataset.done),
    again,
    logout: () => fetch('/logout', { method: 'POST' }).then(() => location.assign('/login')),
  };
  // A log-in that is over leads to the log-in page and back; what may not be done says so. Dash hears of neither.
  const fetched = window.fetch;
  window.fetch = (...asked) => fetched(...asked).then((answer) => {
    if (answer.status === 401) {
      location.assign('/login?next=' + encodeURIComponent(location.pathname + location.search));
      return new Promise(() => {});
    }
    if (answer.status !== 403) return answer;
    answer.text().then(toast);
    return new Response(null, { status: 204 });
  });

  document.addEventListener('click', (e) => {
    closeMenus(e.target);
    const a = e.target.closest('a[data-nav]');
    if (a && !e.metaKey && !e.ctrlKey && !e.shiftKey && e.button === 0) {
      e.preventDefault();
      const same = new URL(a.href).pathname === location.pathname;
      closeMenus();
      go(a.getAttribute('href'));
      if (!same) scrollTo(0, 0);
      return;
    }
    const b = e.target.closest('[data-act]');
    if (b && acts[b.dataset.act]) acts[b.dataset.act](b);
  });
  document.addEventListener('keydown', (e) => {
    if (e.key !== 'Escape') return;
    const m = document.querySelector('details.menu[open]');
    if (m) { m.open = false; m.querySelector('summary').focus(); }
  });

  // 4. Forms: data-nav writes its fields into the URL, data-store hands them to a dcc.Store.
  // data-at: the place of the condition among its parameter's values; before: what stands in front of it.
  const condition = (fields, as, at) => {
    const { field, op, value: typed, before = '', ...rest } = fields;
    const odd = op === '=' && (typed.includes(' & ') || typed.startsWith('"'));
    const value = odd ? JSON.stringify(typed) : typed;
    const all = rest[as] ? [].concat(rest[as]) : [];
    all.splice(at === undefined ? all.length : Number(at), 0, before + field + op + value);
    return { ...rest, [as]: all };
  };
  const read = (form) => {
    const out = {};
    for (const [name, value] of new FormData(form)) out[name] = name in out ? [].concat(out[name], value) : value;
    return out;
  };
  document.addEventListener('submit', (e) => {
    const form = e.target;
    e.preventDefault();
    let fields = read(form);
    if (form.dataset.store) {
      window.dash_clientside.set_props(form.dataset.store, { data: { ...fields, at: Date.now() } });
      return;
    }
    if ('op' in fields) fields = condition(fields, form.dataset.as || 'f', form.dataset.at);
    const query = new URLSearchParams();
    for (const name in fields) [].concat(fields[name]).filter(Boolean).forEach((v) => query.append(name, v));
    closeMenus();
    go(form.getAttribute('action') + (String(query) ? '?' + query : ''));
  });

  // 5. Ages on the live page: the server says when, the browser says how long ago, once a second.
  const ages = () => {
    const box = document.querySelector('[data-now]');
    if (!box) return;
    if (box.dataset.seen !== box.dataset.now) {
      box.dataset.seen = box.dataset.now;
      box.dataset.skew = Number(box.dataset.now) - Date.now();
    }
    const now = Date.now() + Number(box.dataset.skew);
    const [fresh, s, min] = box.dataset.units.split('|');
    box.querySelectorAll('time[data-at]').forEach((el) => {
      const age = Math.max(0, Math.round((now - Number(el.dataset.at)) / 1000));
      const text = age < 2 ? fresh : age < 60 ? age + s : Math.floor(age / 60) + min;
      if (el.textContent !== text) el.textContent = text;
    });
  };
  setInterval(ages, 1000);

  const language = () => {
    root.lang = new URLSearchParams(location.search).get('lang') === 'zh' ? 'zh-CN' : 'en';
  };
  addEventListener('popstate', language);
  language();
  // 6. Called by Dash: where to go after a form, and the beat of the live page. No beat while nobody looks,
  //    none before the last one was answered (after 10 s it counts as lost).
  let sent = 0;
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    clicktrail: {
      again: (yes) => { if (yes) again(); return window.dash_clientside.no_update; },
      go: (href) => { if (href) go(href); return window.dash_clientside.no_update; },
      beat: (n, done, beat) => {
        const waiting = beat && done && done.beat !== beat && Date.now() - sent < 10000;
        if (document.hidden || waiting) return window.dash_clientside.no_update;
        sent = Date.now();
        return sent;
      },
    },
  });

  // 7. Time zones: the browser knows their names and its own.
  const zones = () => {
    const box = document.querySelector('input[data-zone]');
    if (!box || box.dataset.zone === 'set') return;
    box.dataset.zone = 'set';
    const format = new Intl.DateTimeFormat();
    if (!box.value) box.value = format.resolvedOptions().timeZone || 'UTC';
    if (document.getElementById('zones') || !Intl.supportedValuesOf) return;
    const list = document.createElement('datalist');
    list.id = 'zones';
    for (const name of ['UTC', ...Intl.supportedValuesOf('timeZone')]) list.append(new Option(name, name));
    document.body.append(list);
  };

  // 8. Values are suggested from the data: the most frequent ones of the chosen field that hold what is typed.
  let typed = 0;
  const suggest = (input) => {
    const form = input.form;
    const field = form && form.elements.field;
    if (!field) return;
    clearTimeout(typed);
    typed = setTimeout(() => {
      const asked = new URLSearchParams({ site: input.dataset.suggest, field: field.value, q: input.value });
      fetch('/suggest?' + asked).then((answer) => (answer.ok ? answer.json() : [])).then((values) => {
        let list = document.getElementById('suggested');
        if (!list) {
          list = document.createElement('datalist');
          list.id = 'suggested';
          document.body.append(list);
        }
        list.replaceChildren(...values.map((value) => new Option(value, value)));
        input.setAttribute('list', 'suggested');
      }, () => {});
    }, 150);
  };
  const suggesting = (e) => { if (e.target.dataset && 'suggest' in e.target.dataset) suggest(e.target); };
  document.addEventListener('input', suggesting);
  document.addEventListener('focusin', suggesting);

  // 9. A page that waits for the first event asks every two seconds, by the callback of a store.
  setInterval(() => {
    const waits = !document.hidden && document.querySelector('[data-waits]');
    if (waits) window.dash_clientside.set_props(waits.dataset.beat, { data: Date.now() });
  }, 2000);

  new MutationObserver(() => { ages(); zones(); }).observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ['data-now'] });
})();
