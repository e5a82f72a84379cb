package iam

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
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
	"ConditionalCheckFailedException":        {kind: datastore.ErrConflict},

	"AccessDenied":                             {kind: datastore.ErrDenied},
	"AccessDeniedException":                    {kind: datastore.ErrDenied},
	"UnrecognizedClientException":              {kind: datastore.ErrDenied},
	"InvalidSignatureException":                {kind: datastore.ErrDenied},
	"SignatureDoesNotMatch":                    {kind: datastore.ErrDenied},
	"IncompleteSignature":                      {kind: datastore.ErrDenied},
	"InvalidClientTokenId":                     {kind: datastore.ErrDenied},
	"MissingAuthenticationToken":               {kind: datastore.ErrDenied},
	"ExpiredToken":                             {kind: datastore.ErrDenied},
	"ExpiredTokenException":                    {kind: datastore.ErrDenied},
	"ValidationException":                      {kind: datastore.ErrInvalid},
	"RequestEntityTooLarge":                    {kind: datastore.ErrTooLarge},
	"RequestExpired":                           {kind: datastore.ErrUnavailable, retry: true},
	"RequestTimeTooSkewed":                     {kind: datastore.ErrUnavailable, retry: true},
	"ResourceNotFoundException":                {kind: datastore.ErrUnavailable},
	"ItemCollectionSizeLimitExceededException": {kind: datastore.ErrTooLarge},
}

// faultOf reads an error of one attempt. special are codes of the service that
// do not mean what [codes] says.
func faultOf(err error, special map[string]error) fault {
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
	switch {
	case errors.As(err, &signing):
		return fault{kind: datastore.ErrDenied}
	case errors.As(err, &params), errors.As(err, &encoding):
		return fault{kind: datastore.ErrInvalid}
	case notSent(err):
		return fault{kind: datastore.ErrUnavailable, retry: true}
	}
	return fault{kind: datastore.ErrUnavailable, retry: true, lost: true, quick: !timedOut(err)}
}

func apiFault(err error, api smithy.APIError, special map[string]error) fault {
	code := api.ErrorCode()
	var f fault
	status := statusOf(err)
	known, ok := codes[code]
	switch {
	case special[code] != nil:
		f = fault{kind: special[code]}
	case ok:
		f = known
	case status == 429:
		f = fault{kind: datastore.ErrThrottled, retry: true}
	case status >= 500 || status < 400:
		f = fault{kind: datastore.ErrUnavailable, retry: true, lost: true}
	default:
		f = fault{kind: datastore.ErrUnavailable}
	}
	if code == "ValidationException" && strings.Contains(api.ErrorMessage(), "size has exceeded") {
		f.kind = datastore.ErrTooLarge
	}
	f.code = code
	return f
}

func statusOf(err error) int {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) {
		return resp.HTTPStatusCode()
	}
	return 0
}

// notSent reports whether it is certain that no request went out.
func notSent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") ||
		errors.As(err, &dns) || errors.As(err, &cert)
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}
