package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
)

// Code is the name of an exception of AWS, the value of x-amzn-ErrorType.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html.
type Code string

// Codes of refusals. API Gateway answers each with status 403.
const (
	// MissingAuthenticationToken: the request is not signed at all.
	MissingAuthenticationToken Code = "MissingAuthenticationTokenException"
	// IncompleteSignature: what should be a signature is none, or lacks a part.
	IncompleteSignature Code = "IncompleteSignatureException"
	// InvalidSignature: signed for another service, Region, time or request, or with another secret.
	InvalidSignature Code = "InvalidSignatureException"
	// UnrecognizedClient: the access key or its session token is not known.
	UnrecognizedClient Code = "UnrecognizedClientException"
	// ExpiredToken: temporary credentials have ended.
	ExpiredToken Code = "ExpiredTokenException"
)

// Refusal is why a request is not authenticated.
type Refusal struct {
	// Code is the exception that AWS names.
	Code Code
	// Message is for the client. It holds no secret, and an Authorization header
	// that is no signature only as a hash.
	Message string
	// CanonicalRequest and StringToSign are what the verifier calculated when the
	// signature does not match; compared with what the client signed they show
	// the difference. Values of headers and parameters that are credentials are
	// replaced by "(redacted)", after they were hashed for StringToSign. The
	// signature that would be right is nowhere. Both are empty for other refusals.
	CanonicalRequest, StringToSign string
}

// Error is the code and the message.
func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Message }

// Messages that AWS words the same for every request.
const (
	missingToken   = "Missing Authentication Token"
	invalidToken   = "The security token included in the request is invalid."
	expiredToken   = "The security token included in the request is expired"
	mismatch       = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	oneMechanism   = "Only one auth mechanism allowed; send either one Authorization header or one set of X-Amz-* query parameters."
	noMultiRegion  = multiRegion + " (SigV4a, for several Regions) is not supported; sign for one Region with " + algorithm + "."
	noChunked      = "Chunked payload signing (STREAMING-…) is not supported; send the SHA-256 of the whole payload in x-amz-content-sha256."
	noUnsigned     = "UNSIGNED-PAYLOAD is allowed in presigned URLs and for S3 only; sign the SHA-256 of the payload."
	shaMismatch    = "The provided 'x-amz-content-sha256' header does not match what was computed."
	shaMissing     = "Missing required header for this request: x-amz-content-sha256"
	hostUnsigned   = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
	noCredential   = "Authorization header requires 'Credential' parameter."
	noSignature    = "Authorization header requires 'Signature' parameter."
	noHeaders      = "Authorization header requires 'SignedHeaders' parameter."
	noDate         = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
	notAPair       = "Invalid key=value pair (missing equal-sign) in Authorization header"
	noQueryParts   = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date and X-Amz-SignedHeaders parameters."
	noQueryExpires = "Query-string authentication version 4 requires the X-Amz-Expires parameter."
)

func refuse(code Code, message string) error { return &Refusal{Code: code, Message: message} }

// hashed stands for the value of an Authorization header in a message: it may be
// the token or password of another scheme.
func hashed(authorization string) string {
	sum := sha256.Sum256([]byte(authorization))
	return base64.StdEncoding.EncodeToString(sum[:])
}
