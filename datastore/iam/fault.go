package iam

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// fault is what an error of one attempt means.
type fault struct {
	kind  error  // a sentinel of package datastore
	code  string // of the service
	retry bool   // another attempt may succeed
	lost  bool   // the request may have been carried out all the same
	quick bool   // the connection was stale: try again at once

	progress bool // a part of a batch was done
}

// errRefused is the kind of a request that a service calls wrong. What a client
// of the application can get wrong has been refused before it is sent, so this is
// a mistake of the program or of its deployment (a table with another key), which
// must not become a 4xx. Nothing was written.
var errRefused = datastore.ErrDeclaration

// codes of AWS services, by what they mean. Those that mean something else in
// one service are given by its driver.
var codes = map[string]fault{
	"ProvisionedThroughputExceededException": {kind: datastore.ErrThrottled, retry: true},
	"ThrottlingException":                    {kind: datastore.ErrThrottled, retry: true},
	"Throttling":                             {kind: datastore.ErrThrottled, retry: true},
	"ThrottledException":                     {kind: datastore.ErrThrottled, retry: true},
	"RequestThrottled":                       {kind: datastore.ErrThrottled, retry: true},
	"RequestThrottledException":              {kind: datastore.ErrThrottled, retry: true},
	"RequestLimitExceeded":                   {kind: datastore.ErrThrottled, retry: true},
	"TooManyRequestsException":               {kind: datastore.ErrThrottled, retry: true},
	"BandwidthLimitExceeded":                 {kind: datastore.ErrThrottled, retry: true},
	"SlowDown":                               {kind: datastore.ErrThrottled, retry: true},
	"TransactionConflictException":           {kind: datastore.ErrConflict, retry: true},
	"ReplicatedWriteConflictException":       {kind: datastore.ErrConflict, retry: true},
	"ConditionalCheckFailedException":        {kind: datastore.ErrConflict},

	"AccessDenied":                             {kind: datastore.ErrDenied},
	"AccessDeniedException":                    {kind: datastore.ErrDenied},
	"KMSAccessDeniedException":                 {kind: datastore.ErrDenied},
	"UnrecognizedClientException":              {kind: datastore.ErrDenied},
	"InvalidSignatureException":                {kind: datastore.ErrDenied},
	"SignatureDoesNotMatch":                    {kind: datastore.ErrDenied},
	"IncompleteSignature":                      {kind: datastore.ErrDenied},
	"InvalidClientTokenId":                     {kind: datastore.ErrDenied},
	"MissingAuthenticationToken":               {kind: datastore.ErrDenied},
	"ExpiredToken":                             {kind: datastore.ErrDenied},
	"ExpiredTokenException":                    {kind: datastore.ErrDenied},
	"ValidationException":                      {kind: errRefused},
	"RequestEntityTooLarge":                    {kind: datastore.ErrTooLarge},
	"RequestExpired":                           {kind: datastore.ErrUnavailable, retry: true},
	"RequestTimeTooSkewed":                     {kind: datastore.ErrUnavailable, retry: true},
	"ResourceNotFoundException":                {kind: datastore.ErrUnavailable},
	"ItemCollectionSizeLimitExceededException": {kind: datastore.ErrTooLarge},
}

// faultOf reads an error of one attempt. special are codes of the service that
// do not mean what [codes] says; unsent says that certainly nothing went out.
func faultOf(err error, special map[string]error, unsent bool) fault {
	var unfinished *Unfinished
	if errors.As(err, &unfinished) {
		return fault{kind: datastore.ErrThrottled, retry: true, progress: unfinished.Progress}
	}
	var own *datastore.Error // of the driver, about what it was answered
	if errors.As(err, &own) {
		return fault{kind: own.Kind, code: own.Code}
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return apiFault(err, api, special)
	}
	var signing *v4.SigningError
	var params *smithy.InvalidParamsError
	var encoding *smithy.SerializationError
	switch status := statusOf(err); {
	case errors.As(err, &signing):
		return fault{kind: datastore.ErrDenied}
	case errors.As(err, &params), errors.As(err, &encoding):
		return fault{kind: errRefused}
	case unsent:
		return fault{kind: datastore.ErrUnavailable, retry: true}
	case status >= 400: // a body that is not the service's, such as a proxy's
		f := statusFault(status)
		f.retry = f.retry || cutOff(err) // what it was is not known
		return f
	}
	return fault{kind: datastore.ErrUnavailable, retry: true, lost: true, quick: !timedOut(err)}
}

func apiFault(err error, api smithy.APIError, special map[string]error) fault {
	code := api.ErrorCode()
	f, known := codes[code]
	switch {
	case special[code] != nil:
		f = fault{kind: special[code]}
	case !known:
		f = statusFault(statusOf(err))
	}
	if code == "ValidationException" && strings.Contains(api.ErrorMessage(), "size has exceeded") {
		f.kind = datastore.ErrTooLarge
	}
	f.code = code
	return f
}

// statusFault is what an answer means that has only its status to go by; 0 for
// none.
func statusFault(status int) fault {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault{kind: datastore.ErrDenied}
	case status == http.StatusRequestEntityTooLarge:
		return fault{kind: datastore.ErrTooLarge}
	case status == http.StatusTooManyRequests:
		return fault{kind: datastore.ErrThrottled, retry: true}
	case status >= 500, status < 400, status == http.StatusRequestTimeout:
		return fault{kind: datastore.ErrUnavailable, retry: true, lost: true}
	}
	return fault{kind: datastore.ErrUnavailable}
}

func statusOf(err error) int {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) {
		return resp.HTTPStatusCode()
	}
	return 0
}

// cutOff reports whether an answer ended before its end.
func cutOff(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &op)
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}
