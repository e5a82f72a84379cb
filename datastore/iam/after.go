package iam

import (
	"errors"
	"strconv"
	"time"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAfter is how long a service can have us wait.
const maxAfter = 5 * time.Second

// retryAfter is how long the service asks to wait before another attempt, 0 if it
// does not: X-Amz-Retry-After in milliseconds, or Retry-After in seconds. The date
// that HTTP allows there is not read.
//
// See https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
// and https://www.rfc-editor.org/rfc/rfc9110.html#name-retry-after
func retryAfter(err error) time.Duration {
	var resp *smithyhttp.ResponseError
	if !errors.As(err, &resp) || resp.Response == nil || resp.Response.Response == nil {
		return 0
	}
	header := resp.Response.Header
	if n, err := strconv.ParseUint(header.Get("X-Amz-Retry-After"), 10, 32); err == nil {
		return min(time.Duration(n)*time.Millisecond, maxAfter)
	}
	if n, err := strconv.ParseUint(header.Get("Retry-After"), 10, 32); err == nil {
		return min(time.Duration(n)*time.Second, maxAfter)
	}
	return 0
}
