package iam

import "strings"

// ParameterName is the name of a parameter as Parameter Store wants it: one in a
// hierarchy begins with a slash. ARNs are as they are.
//
// See https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
func ParameterName(name string) string {
	if strings.HasPrefix(name, "arn:") || strings.HasPrefix(name, "/") || !strings.Contains(name, "/") {
		return name
	}
	return "/" + name
}
