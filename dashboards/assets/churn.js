/* The threshold of the churn page: its numbers and the line in the chart follow the slider; the address when it rests. */
(function () {
  const WIDTH = 5; // hundredths of risk in one bar
  const whole = (value) => Math.round(value).toLocaleString('en-US');
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const from = (list, at) => list.slice(at).reduce((sum, value) => sum + value, 0);
  const numbers = (card, above) => {
    const data = card.querySelector('[data-bins]').dataset;
    const bins = JSON.parse(data.bins);
    const people = from(bins.people, above);
    const hits = from(bins.leavers, above);
    const all = from(bins.leavers, 0);
    const said = {
      risk: data.said.replace('%', above + '%'),
      people: whole(people),
      hits: whole(hits),
      misses: whole(people - hits),
      reached: Math.round(all ? (100 * hits) / all : 0) + '%',
      value: data.money + whole(from(bins.value, above)),
    };
    for (const name in said) card.querySelector('[data-out=' + name + ']').textContent = said[name];
    return data.line.replace('%', above + '%');
  };
  const line = (above, words) => {
    const chart = document.querySelector('#churn-where .js-plotly-plot');
    if (!chart || !window.Plotly) return;
    const bars = Array.from({ length: 100 / WIDTH }, (_, at) => (at + 1) * WIDTH > above);
    const colours = bars.map((beyond) => colour(beyond ? '--c2' : '--line-strong'));
    const shift = {
      'shapes[0].x0': above, 'shapes[0].x1': above, 'annotations[0].x': above, 'annotations[0].text': words,
    };
    window.Plotly.update(chart, { 'marker.color': [colours] }, shift, [0]);
  };
  const move = (slider) => {
    const above = Number(slider.value);
    slider.setAttribute('aria-valuetext', above + '%');
    line(above, numbers(slider.closest('.card'), above));
  };
  // Links of the page carry the threshold on; "see these people" names it.
  const rest = (slider) => {
    const above = slider.value;
    const here = new URL(location.href);
    here.searchParams.set('above', above);
    if (here.href !== location.href) history.replaceState(history.state, '', here);
    document.querySelectorAll('a[data-nav]').forEach((a) => {
      const href = new URL(a.href);
      if ('who' in a.dataset) href.searchParams.set('who', a.dataset.who + above);
      else if (href.pathname !== location.pathname) return;
      href.searchParams.set('above', above);
      a.setAttribute('href', href.pathname + href.search);
    });
  };
  const heard = (then) => (e) => { if (e.target.matches && e.target.matches('input[data-churn]')) then(e.target); };
  // A change of theme draws the chart as the server made it.
  const again = () => {
    const slider = document.querySelector('input[data-churn]');
    if (slider) move(slider);
  };
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ['data-theme'] });
  document.addEventListener('input', heard(move));
  document.addEventListener('change', heard(rest));
})();
