import { leaveToSignIn } from "../live/sign_in.js";

// Whose session has ended signs in again, but not while a form is open: what is filled in would be lost.
export function signIn() {
  const sheet = document.querySelector("#sheet");
  if (sheet.open || history.state?.sheet) addEventListener("popstate", signIn, { once: true }); // the form's own step back comes first
  else leaveToSignIn();
}
