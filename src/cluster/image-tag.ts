/** Tags of image references. */

/** The version that a tag stands for, with `+` where the tag has `_` for build metadata; '' when the image is named by its digest alone. */
export function tagOf(image: string): string {
  return rawTagOf(image).replace('_', '+')
}

/** As it is. '' where an image has none: what follows the last colon of the last part of its path, without a digest. */
export function rawTagOf(image: string): string {
  return /^.*?[^/]:([\w.-]+)$/.exec(image.split('@')[0]?.split('/').at(-1) ?? '')?.[1] ?? ''
}
