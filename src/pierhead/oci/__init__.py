"""The nouns of image-spec and distribution-spec: values and pure rules; opens no file and no connection."""
