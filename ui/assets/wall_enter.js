// A kiosk opens /wall/enter#token: what stands behind the # is sent to nobody. It goes into the form and out of the
// address; the answer's address has none, so that a token that is refused is not tried for ever.
const token = decodeURIComponent(location.hash.slice(1));
if (token) {
  history.replaceState(null, "", location.pathname + location.search);
  document.getElementById("token").value = token;
  document.getElementById("enter").submit();
}
