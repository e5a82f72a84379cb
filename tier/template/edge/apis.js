// Takes the path of an API in a site off, as the routes of the API do not have it.
function handler(event) {
  const request = event.request;
  for (const path of PATHS) {
    if (request.uri.startsWith(path + '/')) {
      request.uri = request.uri.substring(path.length);
      return request;
    }
  }
  return request;
}
