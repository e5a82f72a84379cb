package blob

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Spec says what a bucket is. It is comparable. That of a narrowed bucket has a
// Prefix or an Owner, and the same kind and name.
type Spec struct {
	Logical string          // the name in the program: "files"
	Prefix  string          // keys begin with it, see [Bucket.Under]; "" for all
	Owner   datastore.Owner // behind the Prefix, keys name their owner; 0 for all
	Origins string          // of web pages that may use signed URLs, with spaces between; see [Origins]
	Key     datastore.Spec  // that objects are encrypted with, nil for S3's own; see [EncryptedBy]
}

var _ datastore.Encrypted = Spec{}

// Kind is "blob".
func (s Spec) Kind() string { return "blob" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// EncryptedBy is the Key.
func (s Spec) EncryptedBy() datastore.Spec { return s.Key }

// OriginList are the Origins one by one.
func (s Spec) OriginList() []string { return strings.Fields(s.Origins) }

// actions on objects that each operation needs. HeadObject is authorised as
// GetObject, each key of DeleteObjects as DeleteObject, and the steps of a
// multipart upload as PutObject, except the one that gives it up. Whoever signs a
// URL lends what it needs.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
var actions = map[string][]string{
	"Get":        {"GetObject"},
	"Stat":       {"GetObject"},
	"Put":        {"AbortMultipartUpload", "PutObject"},
	"Delete":     {"DeleteObject"},
	"DeleteMany": {"DeleteObject"},
	"Copy":       {"GetObject", "PutObject"},
	"SignGet":    {"GetObject"},
	"SignPut":    {"PutObject"},
	"SignPost":   {"PutObject"},
}

// keyActions are what S3 does with the key of a bucket for each operation: an upload
// in parts reads what it wrote.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
var keyActions = map[string][]string{
	"Get":      {"Decrypt"},
	"Put":      {"Decrypt", "GenerateDataKey"},
	"Copy":     {"Decrypt", "GenerateDataKey"},
	"SignGet":  {"Decrypt"},
	"SignPut":  {"GenerateDataKey"},
	"SignPost": {"GenerateDataKey"},
}

// Needs are the actions of ops on the objects under the prefix, and for List
// s3:ListBucket on the bucket, for that prefix alone; with a Key, what S3 does with it
// for them.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
func (s Spec) Needs(ops []string) []datastore.Need {
	var needs []datastore.Need
	if list := union(actions, ops); len(list) > 0 {
		needs = append(needs, datastore.Need{
			Service: "s3", Actions: list, Resource: "{name}/" + s.pattern() + "*", Owner: s.Owner,
			Depends: datastore.KeyUse(s.Key, union(keyActions, ops)...),
		})
	}
	if slices.Contains(ops, "List") {
		need := datastore.Need{Service: "s3", Actions: []string{"ListBucket"}, Resource: "{name}", Owner: s.Owner}
		if prefix := s.pattern(); prefix != "" {
			need.Conditions = []datastore.Condition{{Operator: "StringLike", Key: "s3:prefix", Values: []string{prefix + "*"}}}
		}
		needs = append(needs, need)
	}
	return needs
}

// union are the actions of the operations, sorted and each once.
func union(actions map[string][]string, ops []string) (list []string) {
	for _, op := range ops {
		list = append(list, actions[op]...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
