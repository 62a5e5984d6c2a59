/* The browser's half of dashboards/static.py: [tag, props, children] -> React elements.
   data-country: the browser knows the names of countries in every language; the code is what it falls back to. */
window.clicktrail_static = (function () {
  const names = {};
  const country = (code) => {
    const lang = document.documentElement.lang || 'en';
    try {
      names[lang] = names[lang] || new Intl.DisplayNames([lang], { type: 'region' });
      return names[lang].of(code);
    } catch (e) {
      return code;
    }
  };
  const build = (node, key) => {
    if (!Array.isArray(node)) return node;
    const [tag, props, children] = node;
    if (props['data-country']) return React.createElement(tag, { key, ...props }, country(props['data-country']));
    return React.createElement(tag, { key, ...props }, ...children.map(build));
  };
  return { Static: (props) => build(props.tree, 's') };
})();
