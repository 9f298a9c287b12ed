// Names of time zones to choose from.
document.querySelector("#zones").replaceChildren(...Intl.supportedValuesOf("timeZone").map((name) => Object.assign(document.createElement("option"), { value: name })));
