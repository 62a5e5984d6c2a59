/* The editor of a goal: what is typed goes to the store that `data-draft` names, so that its preview follows. */
(function () {
  let waiting = 0;
  const draft = (form) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const fields = Object.fromEntries(new FormData(form));
      window.dash_clientside.set_props(form.dataset.draft, { data: { ...fields, at: Date.now() } });
    }, 350);
  };
  const typed = (e) => {
    const form = e.target.form;
    if (form && form.dataset && form.dataset.draft && e.target.name !== 'name') draft(form);
  };
  document.addEventListener('input', typed);
  document.addEventListener('change', typed);
})();
