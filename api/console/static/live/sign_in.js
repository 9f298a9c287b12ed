// Where whoever has been signed out goes, and comes back from to the page that was left.
const LEAVING_MS = 10_000; // who stopped the page from being left is asked again after this

export const signInAddress = () => `/sign-in?then=${encodeURIComponent(location.pathname + location.search)}`;

let isLeaving = false;
/** Leave for the sign-in. Several answers ask for it at once, and each new start would break off the one before. */
export function leaveToSignIn() {
  if (isLeaving) return;
  isLeaving = true;
  setTimeout(() => (isLeaving = false), LEAVING_MS);
  location.assign(signInAddress());
}

/** A session has ended: the page cancels `signed_out` and says so itself, or is left. */
export function signedOut() {
  if (document.dispatchEvent(new Event("signed_out", { cancelable: true }))) leaveToSignIn();
}
