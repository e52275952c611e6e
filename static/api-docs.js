// Opens the API's document in Swagger UI; a file of its own, since inline scripts are forbidden.
window.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("api");
  SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis],
  });
});
