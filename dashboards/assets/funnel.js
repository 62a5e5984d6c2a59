/* A menu of the funnel's editor stays inside the window: moved left by as much as it would stick out. */
document.addEventListener('toggle', (e) => {
  const pop = e.target.open && e.target.querySelector && e.target.querySelector(':scope > .fn-pop');
  if (!pop) return;
  pop.style.marginLeft = '';
  const over = pop.getBoundingClientRect().right - document.documentElement.clientWidth + 12;
  if (over > 0) pop.style.marginLeft = `-${over}px`;
}, true);
