// Chooses the file of a site that answers a request, as tier.Site.Object does.
function handler(event) {
  const request = event.request;
  const uri = request.uri;
  const name = uri.substring(uri.lastIndexOf('/') + 1);
  if ((request.method !== 'GET' && request.method !== 'HEAD') || name.includes('.') || uri.startsWith('/.well-known/')) {
    return request;
  }
  if (SPA) {
    const accept = request.headers.accept ? request.headers.accept.value : '';
    if (accept === '' || accept.includes('text/html') || accept.includes('*/*')) {
      request.uri = '/index.html';
    }
  } else if (name === '') {
    request.uri = uri + 'index.html';
  } else {
    request.uri = uri + '/index.html';
  }
  return request;
}
