package policy

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// storeARN is the ARN of what a store needs, for Fn::Sub.
func storeARN(spec datastore.Spec, need datastore.Need) string {
	id := StoreID(spec)
	if whole[need.Service+":"+need.Resource] {
		return "${" + id + "}"
	}
	resource := need.Resource
	for _, text := range substitutes(spec, id) {
		resource = strings.ReplaceAll(resource, text.placeholder, text.name)
	}
	resource = strings.ReplaceAll(resource, "${aws:", "${!aws:") // a variable of IAM, which Fn::Sub leaves
	return arn(arnService(need), resource)
}

// arnService is the service in the ARN of a need, which is not always that of its
// actions: the Data APIs are about the resources of RDS and Redshift.
func arnService(need datastore.Need) string {
	switch {
	case need.Service == "rds-data":
		return "rds"
	case need.Service == "redshift-data" && strings.HasPrefix(need.Resource, "cluster:"):
		return "redshift"
	case need.Service == "redshift-data":
		return "redshift-serverless"
	}
	return need.Service
}

// whole are the needs of which the ARN is what Ref is of the resource: the random
// letters at the end of a secret's ARN are known nowhere else.
var whole = map[string]bool{"secretsmanager:secret:{name}": true}

// MasterOf is the database whose owner logs in with a secret, if that is one of those
// used. RDS makes the secret of its master user itself, and it is not one of the
// template's own.
func MasterOf(usages []datastore.Usage, store datastore.Spec) (sqldb.Spec, bool) {
	for _, u := range usages {
		if db, ok := u.Spec.(sqldb.Spec); ok && db.Owner.Login != nil && datastore.Same(db.Owner.Login.Spec(), store) {
			return db, true
		}
	}
	return sqldb.Spec{}, false
}

// MasterSecret is the attribute of a database that is the ARN of its master user's
// secret.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
func MasterSecret(db sqldb.Spec) string { return StoreID(db) + ".MasterUserSecret.SecretArn" }

type substitute struct{ placeholder, name string }

// substitutes are what stands for the physical names of a store.
func substitutes(spec datastore.Spec, id string) []substitute {
	switch spec.Kind() {
	case "cache": // the user is a resource beside it
		return []substitute{{"user:{name}", "user:${" + id + "User}"}, {"{name}", "${" + id + "}"}}
	case "queue": // Ref is the URL
		return []substitute{{"{name}", "${" + id + ".QueueName}"}}
	case "topic": // Ref is the ARN
		return []substitute{{"{name}", "${" + id + ".TopicName}"}}
	case "warehouse": // the ARN of a workgroup has an id, not its name
		return []substitute{{"workgroup/{name}", "workgroup/${" + id + ".Workgroup.WorkgroupId}"}, {"{name}", "${" + id + "}"}}
	case "service": // the id of its API is a parameter
		return []substitute{{"{name}", "${" + id + "Api}"}}
	case "sqldb":
		resource := ".DbiResourceId"
		if s, ok := spec.(sqldb.Spec); ok && s.Aurora() {
			resource = ".DBClusterResourceId"
		}
		proxy := ProxyResource(id + "Proxy")
		return []substitute{{sqldb.ResourceID, "${" + id + resource + "}"}, {sqldb.ProxyID, "${" + proxy + "}"}, {"{name}", "${" + id + "}"}}
	case "config":
		return configSubstitutes(spec, id)
	case "secret": // a parameter, which is no resource of the template
		return []substitute{{"{name}", ParameterName(spec)}}
	}
	return []substitute{{"{name}", "${" + id + "}"}}
}

// ParameterName is the name of a parameter of Systems Manager for a secret, without
// the slash before it, for Fn::Sub: a name below that of the stack.
func ParameterName(spec datastore.Spec) string { return "${AWS::StackName}/" + spec.Name() }

// unplaced are the services whose ARNs have neither region nor account.
var unplaced = []string{"s3"}

func arn(service, resource string) string {
	switch {
	case resource == "*":
		return "*"
	case slices.Contains(unplaced, service):
		return "arn:${AWS::Partition}:" + service + ":::" + resource
	}
	return "arn:${AWS::Partition}:" + service + ":${AWS::Region}:${AWS::AccountId}:" + resource
}
