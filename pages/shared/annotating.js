(() => {
  const box = document.querySelector('[data-testid="stMain"]');
  if (window.occuscopeShown !== window.occuscopePair) {
    window.occuscopeShown = window.occuscopePair;
    const scrolled = '[class*="st-key-annotate-text"], .st-key-annotate-question';
    [box, ...document.querySelectorAll(scrolled)].forEach((part) => part && (part.scrollTop = 0));
  }
  if (window.occuscopeHeld) return;
  window.occuscopeHeld = true;
  const typed = (target) => /^(INPUT|TEXTAREA)$/.test(target.tagName);
  window.addEventListener('keydown', (event) => {
    if (!event.repeat || typed(event.target) || !/^([0129us]|Enter| )$/i.test(event.key)) return;
    event.stopImmediatePropagation();
    event.preventDefault();
  }, true);
})();
