package iam

import (
	"net/http"
	"time"
)

// HTTPClientAt is an [HTTPClient] by another clock than the system's. It is for
// tests of what drivers do after a freeze.
func HTTPClientAt(now func() time.Time) *http.Client {
	client := HTTPClient()
	client.Transport.(*thawing).now = now
	return client
}
